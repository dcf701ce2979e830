/** Numbers of a chart as places on it. Pure. */

export interface Scale {
  readonly max: number;
  /** From 0 up to `max`. */
  readonly ticks: readonly number[];
}

const STEPS = [1, 2, 2.5, 5, 10];
const TICKS = 3;

/**
 * A round end above the greatest value, with few round lines below; up to about one where all is zero. `whole`: values are
 * counted, so no line is between two.
 */
export function scaleOf(greatest: number, whole: boolean): Scale {
  const rough = (whole ? Math.max(greatest, TICKS) : greatest || 1) / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step =
    STEPS.map((one) => one * power).find((one) => one >= rough && (!whole || Number.isInteger(one))) ?? rough;
  const count = Math.ceil(Math.max(greatest, step) / step);
  return { max: count * step, ticks: Array.from({ length: count + 1 }, (_, index) => index * step) };
}

/** An SVG path through what is known; holes stay holes. */
export function linePath(
  values: readonly (number | null)[],
  place: (index: number, value: number) => readonly [x: number, y: number],
): string {
  let path = '';
  let isOpen = false;
  values.forEach((value, index) => {
    if (value === null) {
      isOpen = false;
      return;
    }
    const [x, y] = place(index, value);
    path += `${isOpen ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`;
    isOpen = true;
  });
  return path;
}

/** Where a value has none beside it: a line there is a point, which no line shows. */
export function lonely(values: readonly (number | null)[]): number[] {
  const isKnown = (index: number) => (values[index] ?? null) !== null;
  return [...values.keys()].filter((index) => isKnown(index) && !isKnown(index - 1) && !isKnown(index + 1));
}

/** The same down to the ground, to be filled. */
export function areaPath(
  values: readonly (number | null)[],
  place: (index: number, value: number) => readonly [x: number, y: number],
): string {
  const known = values.map((value) => value ?? 0);
  if (known.length === 0) return '';
  const [first] = place(0, 0);
  const [last, ground] = place(known.length - 1, 0);
  return `M${first.toFixed(1)} ${ground.toFixed(1)}${linePath(known, place).replace('M', 'L')}L${last.toFixed(1)} ${ground.toFixed(1)}Z`;
}

/** Without the last step, which is not over and would look like a fall; unless it is all that there is. */
export function settled<T>(steps: readonly T[], isEmpty: (step: T) => boolean): readonly T[] {
  const past = steps.slice(0, -1);
  return past.every(isEmpty) ? steps : past;
}

const BYTE_UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte', 'petabyte'];

export function formatBytes(bytes: number, language: string): string {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), BYTE_UNITS.length - 1);
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit: BYTE_UNITS[power]!,
    unitDisplay: 'short',
    maximumSignificantDigits: 3,
  })
    .formatToParts(bytes / 1000 ** power)
    .map(({ type, value }) => (type === 'unit' && power === 0 ? 'B' : value))
    .join('');
}

export function formatMs(ms: number, language: string): string {
  const isLong = ms >= 1000;
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit: isLong ? 'second' : 'millisecond',
    unitDisplay: 'short',
    maximumSignificantDigits: 3,
  }).format(isLong ? ms / 1000 : ms);
}

export function formatCount(count: number, language: string): string {
  return new Intl.NumberFormat(language, {
    notation: count >= 10_000 ? 'compact' : 'standard',
    maximumSignificantDigits: 3,
  }).format(count);
}
