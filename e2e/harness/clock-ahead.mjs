/** For `node --import`: the wall clock of this process is ahead by ZERONAUT_TEST_AHEAD_MS, so that minutes need not be waited for. */
const ahead = Number(process.env.ZERONAUT_TEST_AHEAD_MS);
const RealDate = Date;

globalThis.Date = class extends RealDate {
  constructor(...parts) {
    if (parts.length === 0) super(RealDate.now() + ahead);
    else super(...parts);
  }

  static now() {
    return RealDate.now() + ahead;
  }
};
