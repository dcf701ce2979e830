import Box from '@mui/material/Box';
import type { ReactNode } from 'react';

/** A short word about a thing: a protocol, a role, a group. */
export function Tag({ children }: { readonly children: ReactNode }) {
  return (
    <Box
      component="span"
      sx={{
        display: 'inline-block',
        border: 1,
        borderColor: 'divider',
        borderRadius: 1.5,
        px: 0.75,
        fontSize: 12,
        lineHeight: '20px',
        color: 'text.secondary',
        maxWidth: '100%',
        overflowWrap: 'anywhere',
      }}
    >
      {children}
    </Box>
  );
}

/** Several, wrapped; `–` where there is none. */
export function Tags({ of }: { readonly of: readonly string[] }) {
  if (of.length === 0) return <>–</>;
  return (
    <Box component="span" sx={{ display: 'flex', flexWrap: 'wrap', gap: 0.5 }}>
      {of.map((one) => (
        <Tag key={one}>{one}</Tag>
      ))}
    </Box>
  );
}
