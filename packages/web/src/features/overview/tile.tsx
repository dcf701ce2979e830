import Box from '@mui/material/Box';
import Card from '@mui/material/Card';
import Typography from '@mui/material/Typography';
import type { LinkProps } from '@tanstack/react-router';
import { Children, type ReactNode } from 'react';
import { TextLink } from '../../ui/button-link.tsx';
import { type Meaning, StatusChip } from '../../ui/status-chip.tsx';

export function Tiles({ children }: { readonly children: ReactNode }) {
  const count = Children.toArray(children).length;
  return (
    <Box
      sx={{
        display: 'grid',
        gap: 2,
        // Each row is full: of five there are two and two and one, three and two, or five.
        gridTemplateColumns: {
          xs: 'repeat(2, minmax(0, 1fr))',
          sm: 'repeat(6, minmax(0, 1fr))',
          lg: `repeat(${count}, minmax(0, 1fr))`,
        },
        '& > *': { gridColumn: { sm: count === 5 ? 'span 2' : 'span 3', lg: 'auto' } },
        '& > :nth-of-type(n + 4)': { gridColumn: { sm: 'span 3', lg: 'auto' } },
        '& > :last-of-type:nth-of-type(odd)': { gridColumn: { xs: 'span 2', sm: 'span 3', lg: 'auto' } },
      }}
    >
      {children}
    </Box>
  );
}

interface TileProps {
  readonly to: LinkProps;
  readonly label: string;
  readonly value: string;
  readonly meaning: Meaning;
  /** Numbers in it are `NoteLink`s. */
  readonly note: ReactNode;
}

/** A number that leads to its list. */
export function Tile({ to, label, value, meaning, note }: TileProps) {
  return (
    <Card sx={{ px: { xs: 2, sm: 2.5 }, py: 2, position: 'relative', '&:hover': { borderColor: 'primary.main' } }}>
      <TextLink
        {...to}
        sx={{
          color: 'text.secondary',
          fontSize: 13,
          textDecoration: 'none',
          '&::after': { content: '""', position: 'absolute', inset: 0 },
        }}
      >
        {label}
      </TextLink>
      <Typography variant="h1" component="p" sx={{ my: 0.25, fontVariantNumeric: 'tabular-nums' }}>
        {value}
      </Typography>
      <Box sx={{ '& > span': { whiteSpace: 'normal', alignItems: 'baseline' } }}>
        <StatusChip meaning={meaning}>{note}</StatusChip>
      </Box>
    </Card>
  );
}

/** A number within the note of a tile, with a list of its own. */
export function NoteLink({ to, children }: { readonly to: LinkProps; readonly children: ReactNode }) {
  return (
    <TextLink {...to} sx={{ color: 'inherit', position: 'relative', zIndex: 1 }}>
      {children}
    </TextLink>
  );
}
