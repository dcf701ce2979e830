/** For those who hear the page; those who see it know from what is around. */
export const visuallyHidden = {
  position: 'absolute',
  // With a unit: a bare 1 means all of the width in `sx`.
  width: '1px',
  height: '1px',
  overflow: 'hidden',
  clipPath: 'inset(50%)',
  whiteSpace: 'nowrap',
} as const;
