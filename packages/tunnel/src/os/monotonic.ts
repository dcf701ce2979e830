const offset = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** Milliseconds of CLOCK_MONOTONIC: the same in every thread, untouched by changes of the wall clock. Allocates nothing. */
export const monotonicMs = (): number => performance.now() + offset;
