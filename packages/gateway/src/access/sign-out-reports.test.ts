import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitFor } from '@zeronaut/testkit';
import { SignOutReports } from './sign-out-reports.ts';

/** A console that is away, breaks or answers, as told. */
function world() {
  const state = { mode: 'here' as 'here' | 'away' | 'broken', nowMs: 0, asked: 0, heard: [] as string[], warnings: 0 };
  const reports = new SignOutReports({
    sync: {
      async signOut(sessionId) {
        state.asked++;
        if (state.mode === 'broken') throw new Error('link reset');
        if (state.mode === 'here') state.heard.push(sessionId);
        return state.mode === 'here';
      },
    },
    now: () => state.nowMs,
    log: { info: () => undefined, warn: () => void state.warnings++ },
    retryMs: 1,
  });
  return { state, reports };
}

test('a sign-out reaches a console that is there, once', async () => {
  const { state, reports } = world();
  reports.report('ses_a', 1_000);
  reports.report('ses_b', 1_000);
  await waitFor(() => state.heard.length === 2, { what: 'both sign-outs' });
  assert.deepEqual(state.heard, ['ses_a', 'ses_b']);
  assert.equal(state.asked, 2);
  assert.equal(state.warnings, 0);
});

for (const mode of ['away', 'broken'] as const) {
  test(`sign-outs wait while the console is ${mode}, and arrive in order afterwards`, async () => {
    const { state, reports } = world();
    state.mode = mode;
    reports.report('ses_a', 1_000);
    reports.report('ses_b', 1_000);
    await waitFor(() => state.asked >= 3, { what: 'some retries' });
    assert.deepEqual(state.heard, []);
    state.mode = 'here';
    await waitFor(() => state.heard.length === 2, { what: 'both sign-outs' });
    assert.deepEqual(state.heard, ['ses_a', 'ses_b']);
  });
}

test('a session that is over by itself is not reported any more', async () => {
  const { state, reports } = world();
  state.mode = 'away';
  reports.report('ses_a', 1_000);
  await waitFor(() => state.asked >= 2, { what: 'a retry' });
  state.nowMs = 1_000;
  state.mode = 'here';
  reports.report('ses_b', 2_000);
  await waitFor(() => state.heard.length === 1, { what: 'the other sign-out' });
  assert.deepEqual(state.heard, ['ses_b']);
});
