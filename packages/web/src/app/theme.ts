/**
 * The look, in one place: a small palette of meaning (success: well, warning: look at it, error: broken or refused, info:
 * neutral news), one scale of type (12, 13, 14, 16, 20, 26), one of space (8 and its halves and multiples), one radius.
 */
import { createTheme } from '@mui/material/styles';

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
export const MONOSPACE = 'ui-monospace, SFMono-Regular, Menlo, Consolas, monospace';

/** From the size of a field's text to that of its label above it. */
const LABEL_SCALE = 12 / 14;

export const theme = createTheme({
  cssVariables: { colorSchemeSelector: 'data-theme', cssVarPrefix: 'zn' },
  colorSchemes: {
    light: {
      palette: {
        primary: { main: '#2451d6', contrastText: '#fff' },
        success: { main: '#17703f' },
        warning: { main: '#8f5600' },
        error: { main: '#b3261e' },
        info: { main: '#4a5568' },
        background: { default: '#f6f7f9', paper: '#ffffff' },
        text: { primary: '#171a21', secondary: '#565e6c' },
        divider: '#dfe3e8',
      },
    },
    dark: {
      palette: {
        primary: { main: '#8aabff', contrastText: '#0b1330' },
        success: { main: '#6fd39b' },
        warning: { main: '#f0b95a' },
        error: { main: '#ff9a92' },
        info: { main: '#a6b0bf' },
        background: { default: '#0f1115', paper: '#171a20' },
        text: { primary: '#eceef2', secondary: '#a4acb9' },
        divider: '#2b303a',
      },
    },
  },
  shape: { borderRadius: 8 },
  typography: {
    fontFamily: FONT,
    fontSize: 14,
    h1: { fontSize: 26, lineHeight: 1.25, fontWeight: 650, letterSpacing: '-0.01em' },
    h2: { fontSize: 16, lineHeight: 1.4, fontWeight: 650 },
    h3: { fontSize: 14, lineHeight: 1.5, fontWeight: 600 },
    h4: { fontSize: 20, lineHeight: 1.3, fontWeight: 650 },
    body1: { fontSize: 14, lineHeight: 1.55 },
    body2: { fontSize: 13, lineHeight: 1.5 },
    caption: { fontSize: 12, lineHeight: 1.45 },
    button: { fontSize: 14, fontWeight: 600, textTransform: 'none' },
  },
  transitions: {
    duration: { shortest: 80, shorter: 100, short: 120, standard: 150, enteringScreen: 150, leavingScreen: 100 },
  },
  components: {
    MuiCssBaseline: {
      styleOverrides: {
        ':focus-visible': { outline: '2px solid var(--zn-palette-primary-main)', outlineOffset: 2 },
        code: { fontFamily: MONOSPACE, fontSize: '0.93em' },
        '@media (prefers-reduced-motion: reduce)': {
          '*': { transition: 'none !important', animation: 'none !important' },
        },
      },
    },
    MuiButtonBase: {
      defaultProps: { disableRipple: true },
      styleOverrides: {
        root: {
          '&:focus-visible': { outline: '2px solid var(--zn-palette-primary-main)', outlineOffset: 2 },
        },
      },
    },
    MuiButton: {
      defaultProps: { disableElevation: true },
      styleOverrides: {
        root: { whiteSpace: 'nowrap' },
        sizeSmall: { minWidth: 0 },
        // One look for what is not the first thing to do; the word of what takes away is red.
        outlined: {
          borderColor: 'var(--zn-palette-divider)',
          backgroundColor: 'var(--zn-palette-background-paper)',
          '&:hover': { borderColor: 'currentColor' },
          '&:not(.MuiButton-colorError):not(.Mui-disabled)': { color: 'var(--zn-palette-text-primary)' },
        },
      },
      variants: [
        {
          // In rows, where there are many: red when it is meant.
          props: { variant: 'text', color: 'error', size: 'small' },
          style: {
            '&:not(:hover):not(:focus-visible):not(.Mui-disabled)': { color: 'var(--zn-palette-text-secondary)' },
          },
        },
      ],
    },
    // Labels above fields shrink to 12 px, and no further.
    MuiInputLabel: {
      styleOverrides: {
        outlined: { '&.MuiInputLabel-shrink': { transform: `translate(14px, -9px) scale(${LABEL_SCALE})` } },
      },
    },
    MuiOutlinedInput: {
      styleOverrides: { notchedOutline: { '& legend': { fontSize: `${LABEL_SCALE}em` } } },
    },
    MuiPaper: { styleOverrides: { root: { backgroundImage: 'none' } } },
    MuiCard: { defaultProps: { variant: 'outlined' }, styleOverrides: { root: { borderRadius: 12 } } },
    MuiTextField: { defaultProps: { size: 'small', fullWidth: true } },
    MuiLink: { styleOverrides: { root: { textUnderlineOffset: '0.15em' } } },
    MuiTooltip: { defaultProps: { enterDelay: 400 } },
    MuiDialog: { styleOverrides: { paper: { borderRadius: 12 } } },
    // Of those that are grids: a long word would widen the column beyond the window.
    MuiDialogContent: { styleOverrides: { root: { gridTemplateColumns: 'minmax(0, 1fr)' } } },
    MuiListItemButton: { styleOverrides: { root: { borderRadius: 8 } } },
  },
});
