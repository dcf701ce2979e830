import assert from 'node:assert/strict';
import { eachDatabase } from '@zeronaut/testkit';
import { openStore } from './store.ts';

eachDatabase('the store opens, migrates, opens again', async (t, database) => {
  const store = await openStore(database.url);
  t.after(() => store.close());
  assert.equal(store.kind, database.kind);
});
