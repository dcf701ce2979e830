import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@zeronaut/testkit';
import { PackedList, PackedListBuilder } from './packed-list.ts';
import { atOnce } from './turns.ts';

interface Person {
  readonly id: string;
  readonly name: string;
}

const read = (json: unknown): Person => json as Person;

/** As `checkSnapshot` fills it; also how many elements it did not have to look at. */
function packedFrom(people: readonly Person[], running: PackedList<Person> | null) {
  const texts = people.map((person) => Buffer.from(JSON.stringify(person)));
  const builder = new PackedListBuilder(Buffer.concat(texts), running, read);
  let at = 0;
  let recognised = 0;
  for (const [index, { id }] of people.entries()) {
    const from = at;
    at += texts[index]!.length;
    if (builder.addRunning(from, at)) recognised++;
    else builder.add(id, from, at);
  }
  return { list: atOnce(builder.list()), recognised };
}

const person = (index: number, name = `Zoë ${index}`): Person => ({ id: `usr_${index}`, name });

test('elements are found by id, each as one object, and nothing else is', () => {
  const people = Array.from({ length: 3_000 }, (_, index) => person(index));
  const list = PackedList.of(people, read);
  assert.equal(list.size, 3_000);
  for (const one of people) assert.deepEqual(list.get(one.id), one);
  assert.equal(list.get('usr_7'), list.get('usr_7'));
  assert.deepEqual(list.at(7), people[7]);
  for (const id of ['', 'usr_', 'usr_3000', 'usr_07', '__proto__']) {
    assert.equal(list.get(id), undefined, id);
    assert.equal(list.has(id), false, id);
  }
  assert.equal(PackedList.of([], read).get('usr_1'), undefined);
});

test('ids with the same hash are told apart', () => {
  // Known pairs of the 32-bit FNV-1a.
  const ids = ['costarring', 'liquid', 'declinate', 'macallums', 'altarage', 'zinke'];
  const list = PackedList.of(
    ids.map((id) => ({ id, name: id })),
    read,
  );
  for (const id of ids) assert.equal(list.get(id)?.name, id);
  const half = PackedList.of([{ id: 'costarring', name: 'a' }], read);
  assert.equal(half.get('liquid'), undefined);
});

test('what did not change is recognised by its text, wherever it stands now', (t) => {
  const random = seededRandom(undefined, t);
  for (let round = 0; round < 50; round++) {
    const before = Array.from({ length: 100 }, (_, index) => person(index));
    const running = PackedList.of(before, read);
    for (const one of before) if (random.next() < 0.5) running.get(one.id);
    const changed = new Set(before.filter(() => random.next() < 0.1).map(({ id }) => id));
    const after = before
      .filter(() => random.next() < 0.9)
      .map((one) => (changed.has(one.id) ? { ...one, name: `${one.name}!` } : one));
    for (let index = 0; index < 5; index++) after.splice(random.integer(after.length), 0, person(1_000 + index));
    const { list } = packedFrom(after, running);
    atOnce(list.keepMade(running));
    assert.equal(list.size, after.length);
    for (const [index, one] of after.entries()) {
      const known = before.findIndex(({ id, name }) => id === one.id && name === one.name);
      assert.equal(list.indexIn(running, index), known, `seed ${random.seed}`);
      assert.deepEqual(list.get(one.id), one);
    }
  }
});

test('an object that was made of an element goes on being made of it, until the element changes or goes', () => {
  const before = [person(1), person(2), person(3)];
  const running = PackedList.of(before, read);
  const made = before.map(({ id }) => running.get(id));
  const { list } = packedFrom([person(3), person(2, 'Renamed')], running);
  atOnce(list.keepMade(running));
  assert.equal(list.get('usr_3'), made[2]);
  assert.deepEqual(list.get('usr_2'), person(2, 'Renamed'));
  assert.equal(list.get('usr_1'), undefined);
});

test('with one change, inserted or removed element, all others are recognised', () => {
  const before = Array.from({ length: 100 }, (_, index) => person(index));
  const running = PackedList.of(before, read);
  assert.equal(packedFrom(before, running).recognised, 100);
  assert.equal(packedFrom(before.with(50, person(50, 'Renamed')), running).recognised, 99);
  assert.equal(packedFrom(before.toSpliced(50, 0, person(500)), running).recognised, 99);
  // The one after the gap is looked at, and found.
  assert.equal(packedFrom(before.toSpliced(50, 1), running).recognised, 98);
  assert.equal(packedFrom(before, null).recognised, 0);
});

test('an element that is gone is not found because another one has its hash', () => {
  const [gone, stays] = ['costarring', 'liquid'].map((id) => ({ id, name: id })) as [Person, Person];
  const before = PackedList.of([gone, stays], read);
  assert.equal(before.get(gone.id)?.name, gone.id);
  const kept = before.get(stays.id);
  const after = PackedList.of([stays], read);
  atOnce(after.keepMade(before));
  assert.equal(after.get(gone.id), undefined);
  assert.equal(after.get(stays.id), kept);
});
