import Box from '@mui/material/Box';
import MenuItem from '@mui/material/MenuItem';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { LOG_KEPT_LINES, LOG_LEVELS, type LogLevel, type LogLine } from '@zeronaut/model';
import { useEffect, useRef, useState } from 'react';
import { call } from '../../base/api.ts';
import { useLanguage, useMessages } from '../../base/messages.ts';
import { Section } from '../../ui/section.tsx';
import { ErrorState, RowsSkeleton } from '../../ui/states.tsx';
import { StatusChip } from '../../ui/status-chip.tsx';
import { gatewayMessages } from './messages.ts';

const WAIT_SECONDS = 20;
const RETRY_MS = 5_000;
/** Within so much of its end the list follows what comes. */
const AT_END_PX = 40;
const COLOR: Record<LogLevel, string> = {
  info: 'text.secondary',
  warn: 'warning.main',
  error: 'error.main',
  fatal: 'error.main',
};

interface Log {
  /** Undefined while nothing has come yet. */
  readonly lines: readonly (LogLine & { readonly key: number })[] | undefined;
  readonly dropped: number;
  readonly isConnected: boolean;
  readonly error: unknown;
}

const NOTHING: Log = { lines: undefined, dropped: 0, isConnected: true, error: null };

/** What the gateway writes to its log, while this is open: the console asks it for it, and keeps nothing. */
export function GatewayLog({ id }: { readonly id: string }) {
  const t = useMessages(gatewayMessages);
  const [level, setLevel] = useState<LogLevel>('warn');
  const { lines, dropped, isConnected, error } = useLog(id, level);
  return (
    <Section
      title={t('section.log')}
      actions={
        <TextField
          select
          size="small"
          value={level}
          sx={{ width: 220 }}
          slotProps={{ htmlInput: { 'aria-label': t('log.level') } }}
          onChange={({ target }) => setLevel(target.value as LogLevel)}
        >
          {LOG_LEVELS.map((one) => (
            <MenuItem key={one} value={one}>
              {t(`log.level.${one}`)}
            </MenuItem>
          ))}
        </TextField>
      }
    >
      {!isConnected ? (
        <StatusChip meaning="warn">{t('log.away')}</StatusChip>
      ) : error !== null ? (
        <ErrorState error={error} />
      ) : dropped > 0 ? (
        <StatusChip meaning="neutral">{t('log.dropped', { count: dropped })}</StatusChip>
      ) : null}
      {lines === undefined ? (
        isConnected && error === null ? (
          <RowsSkeleton rows={3} label={t('section.log')} />
        ) : null
      ) : lines.length === 0 ? (
        <Typography color="textSecondary">{t('log.none')}</Typography>
      ) : (
        <LogLines lines={lines} />
      )}
    </Section>
  );
}

function LogLines({ lines }: { readonly lines: NonNullable<Log['lines']> }) {
  const t = useMessages(gatewayMessages);
  const language = useLanguage();
  const frame = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const time = new Intl.DateTimeFormat(language, { dateStyle: 'short', timeStyle: 'medium' });
  useEffect(() => {
    if (isAtEnd.current && lines.length > 0) frame.current!.scrollTop = frame.current!.scrollHeight;
  }, [lines]);
  return (
    <Box
      ref={frame}
      role="log"
      aria-label={t('section.log')}
      tabIndex={0}
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
        isAtEnd.current = scrollHeight - scrollTop - clientHeight < AT_END_PX;
      }}
      sx={{ maxHeight: 360, overflow: 'auto', mt: 1, fontFamily: 'monospace', fontSize: 12.5, lineHeight: 1.5 }}
    >
      {lines.map(({ key, at, level, message, fields }) => (
        <Box key={key} sx={{ display: 'flex', flexWrap: 'wrap', columnGap: 1.5, py: 0.25, overflowWrap: 'anywhere' }}>
          <Box component="time" dateTime={at} sx={{ color: 'text.secondary', whiteSpace: 'nowrap' }}>
            {time.format(new Date(at))}
          </Box>
          <Box component="span" sx={{ color: COLOR[level], fontWeight: 600, minWidth: 44 }}>
            {level}
          </Box>
          <Box component="span" sx={{ minWidth: 0 }}>
            {message}
          </Box>
          {fields === '{}' ? null : (
            <Box component="span" sx={{ color: 'text.secondary', minWidth: 0 }}>
              {fields}
            </Box>
          )}
        </Box>
      ))}
    </Box>
  );
}

/** Asks on and on while it is mounted; each call waits at the console until there is a line. */
function useLog(id: string, level: LogLevel): Log {
  const [log, setLog] = useState<Log>(NOTHING);
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    let after: string | undefined;
    let key = 0;
    const pause = () =>
      new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, RETRY_MS);
        signal.addEventListener('abort', () => {
          clearTimeout(timer);
          resolve();
        });
      });
    const run = async () => {
      setLog(NOTHING);
      while (!signal.aborted) {
        const query = {
          level,
          waitSeconds: after === undefined ? 0 : WAIT_SECONDS,
          ...(after !== undefined && { after }),
        };
        try {
          const page = await call('gateways.readLog', { params: { id }, query }, { signal });
          if (signal.aborted) return;
          after = page.connected ? page.cursor : undefined;
          const fresh = page.lines.map((line) => ({ ...line, key: key++ }));
          setLog((before) => ({
            lines: page.connected ? [...(before.lines ?? []), ...fresh].slice(-LOG_KEPT_LINES) : before.lines,
            dropped: before.dropped + page.dropped,
            isConnected: page.connected,
            error: null,
          }));
          if (!page.connected) await pause();
        } catch (error) {
          if (signal.aborted) return;
          setLog((before) => ({ ...before, error }));
          await pause();
        }
      }
    };
    void run();
    return () => controller.abort();
  }, [id, level]);
  return log;
}
