/** The texts of the current time, made at most once per millisecond or second. */
let isoMs = -1;
let isoText = '';
let dateSecond = -1;
let dateText = '';

/** RFC 3339 with milliseconds, for events. */
export function isoTime(nowMs: number): string {
  if (nowMs !== isoMs) {
    isoMs = nowMs;
    isoText = new Date(nowMs).toISOString();
  }
  return isoText;
}

/** IMF-fixdate, for `Date`. */
export function httpDate(nowMs: number): string {
  const second = Math.floor(nowMs / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = new Date(nowMs).toUTCString();
  }
  return dateText;
}
