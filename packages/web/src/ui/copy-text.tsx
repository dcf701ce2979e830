import Box from '@mui/material/Box';
import IconButton from '@mui/material/IconButton';
import Tooltip from '@mui/material/Tooltip';
import { useEffect, useState } from 'react';
import { useMessages } from '../base/messages.ts';
import { CheckIcon, CopyIcon } from './icons.tsx';
import { uiMessages } from './messages.ts';

const SHOWN_MS = 2_000;
const FAMILY = 'ui-monospace, SFMono-Regular, Menlo, Consolas, monospace';

/** A command, token or record to take along, as it must be typed. `label` says what it is to those who do not see it. */
export function CopyText({ text, label }: { readonly text: string; readonly label: string }) {
  const t = useMessages(uiMessages);
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  // Browsers hide the clipboard on plain http; selecting by hand goes on working.
  const clipboard = navigator.clipboard as Clipboard | undefined;
  return (
    <Box
      sx={{
        display: 'flex',
        alignItems: 'flex-start',
        gap: 1,
        border: 1,
        borderColor: 'divider',
        borderRadius: 2,
        bgcolor: 'background.default',
        pl: 1.5,
        pr: 0.5,
        py: 0.5,
      }}
    >
      <Box
        component="code"
        tabIndex={0}
        aria-label={label}
        role="textbox"
        aria-readonly
        sx={{
          flex: 1,
          minWidth: 0,
          overflowWrap: 'anywhere',
          whiteSpace: 'pre-wrap',
          fontFamily: FAMILY,
          fontSize: 13,
          lineHeight: 1.55,
          py: 0.75,
          userSelect: 'all',
        }}
      >
        {text}
      </Box>
      {clipboard === undefined ? null : (
        <Tooltip title={copied ? t('copy.copied') : t('copy.copy')}>
          <IconButton
            size="small"
            aria-label={copied ? t('copy.copied') : `${t('copy.copy')}: ${label}`}
            color={copied ? 'success' : 'default'}
            onClick={() => void clipboard.writeText(text).then(() => setCopied(true))}
          >
            {copied ? <CheckIcon fontSize="small" /> : <CopyIcon fontSize="small" />}
          </IconButton>
        </Tooltip>
      )}
    </Box>
  );
}
