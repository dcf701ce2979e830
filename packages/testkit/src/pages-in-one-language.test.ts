import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foreignTexts } from './pages-in-one-language.ts';

const english = {
  title: 'Your services',
  same: 'Passkeys',
  left: (time: string) => `${time} left`,
  deep: {
    hours: (count: number) => (count === 1 ? 'one hour' : `${count} hours`),
    as: () => ({ text: 'as <b>you</b>' }),
  },
};
const german = {
  title: 'Deine Dienste',
  same: 'Passkeys',
  left: (time: string) => `noch ${time}`,
  deep: {
    hours: (count: number) => (count === 1 ? 'eine Stunde' : `${count} Stunden`),
    as: () => ({ text: 'als du' }),
  },
};

test('texts of another language are found wherever people read them, and nowhere else', () => {
  const cases: [string, string[]][] = [
    ['<h1>Deine Dienste</h1><p>Passkeys, noch 3 h, 2 Stunden</p>', []],
    ['<h1>Your\n  services</h1>', ['Your services']],
    ['<input placeholder="Your services">', ['Your services']],
    ['<p>3 h left</p>', ['left']],
    ['<p>2 hours</p>', ['hours']],
    ['<p>one hour</p>', ['one hour']],
    ['<p>as <b>you</b></p>', ['you']],
    // Names of classes and addresses are no text, and a word in another one is another word.
    [
      '<p class="left" data-x="hours">leftover</p><script>const hours = 1;</script><style>.left{}</style><code>hours.left</code>',
      [],
    ],
  ];
  for (const [page, wanted] of cases) assert.deepEqual(foreignTexts(page, german, english), wanted, page);
});
