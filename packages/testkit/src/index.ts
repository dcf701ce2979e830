/** Development only: what tests of several packages share. */
export {};
