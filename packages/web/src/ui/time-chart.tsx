import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import { type KeyboardEvent, type PointerEvent, useEffect, useId, useRef, useState } from 'react';
import { areaPath, linePath, lonely, scaleOf } from '../base/chart-scale.ts';
import { useLanguage } from '../base/messages.ts';
import { TextLink } from './button-link.tsx';
import { visuallyHidden } from './visually-hidden.ts';

export interface Series {
  readonly label: string;
  /** A colour of the palette. */
  readonly color: string;
  readonly values: readonly (number | null)[];
  /** Filled down to the ground. */
  readonly area?: true;
  /** Which accesses a value counts, beside its time; absent: none that a list could show. */
  readonly of?: AccessFilter;
}

interface TimeChartProps {
  readonly title: string;
  /** When each value was, in order. */
  readonly times: readonly string[];
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
  /** Values are counted. */
  readonly whole?: boolean;
  /** How long each value stands for (ms): with it, values lead to the accesses of their time. */
  readonly stepMs?: number;
}

/** What the list of accesses is asked for. */
export interface AccessFilter {
  readonly resource?: string;
  readonly gateway?: string;
  readonly subject?: string;
  readonly effect?: 'pass' | 'challenge' | 'deny';
  readonly failed?: 'true' | 'false';
}

const HEIGHT = 180;
const LEFT = 56;
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 24;
const FIRST_WIDTH = 480;
const TIME_LABEL_PX = 110;

/**
 * Lines over time, drawn by ourselves: chart libraries write HTML into the page, which its policy forbids. The values under the
 * pointer, or those that the arrow keys lead to, stand in the legend; without, those that were clicked, else the last ones. Each leads to the
 * accesses that it counts.
 */
export function TimeChart({ title, times, series, format, whole = false, stepMs }: TimeChartProps) {
  const language = useLanguage();
  const titleId = useId();
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(FIRST_WIDTH);
  const [under, setAt] = useState<number | null>(null);
  /** Stays when the pointer goes to the legend, where its values lead on. */
  const [clicked, setClicked] = useState<string | null>(null);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(entry!.contentRect.width));
    observer.observe(frame.current!);
    return () => observer.disconnect();
  }, []);
  const last = times.length - 1;
  const kept = clicked === null ? -1 : times.indexOf(clicked);
  const at = under ?? (kept === -1 ? null : kept);
  const scale = scaleOf(Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0))), whole);
  const inner = Math.max(width - LEFT - RIGHT, 1);
  // One moment alone is in the middle.
  const x = (index: number) => LEFT + (last < 1 ? 0.5 : index / last) * inner;
  const y = (value: number) => HEIGHT - BOTTOM - (value / scale.max) * (HEIGHT - TOP - BOTTOM);
  const place = (index: number, value: number) => [x(index), y(value)] as const;
  const shown = at === null ? last : Math.min(at, last);
  const isDays = last > 0 && Date.parse(times[last]!) - Date.parse(times[0]!) > 2 * 86_400_000;
  const short = new Intl.DateTimeFormat(
    language,
    isDays ? { day: 'numeric', month: 'short' } : { hour: 'numeric', minute: '2-digit' },
  );
  const long = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });
  const labels = last < 1 ? 1 : Math.max(2, Math.min(7, Math.floor(inner / TIME_LABEL_PX), last + 1));

  const indexOf = (step: number) => Math.round((step / Math.max(labels - 1, 1)) * last);
  const labelOf = (step: number) => short.format(new Date(times[indexOf(step)]!));

  function onMove(event: PointerEvent<SVGSVGElement>): void {
    const left = event.clientX - event.currentTarget.getBoundingClientRect().left;
    setAt(Math.max(0, Math.min(last, Math.round(((left - LEFT) / inner) * last))));
  }
  function onKey(event: KeyboardEvent): void {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -last, End: last }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    setAt(Math.max(0, Math.min(last, shown + step)));
  }

  return (
    <Box>
      <Box sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'baseline', columnGap: 2, mb: 1 }}>
        <Typography id={titleId} variant="h3">
          {title}
        </Typography>
        <Typography variant="caption" color="textSecondary" sx={{ ml: 'auto' }}>
          {times.length === 0 ? '' : long.format(new Date(times[shown]!))}
        </Typography>
        <Box
          component="ul"
          aria-live={at === null ? 'off' : 'polite'}
          sx={{ listStyle: 'none', display: 'flex', flexWrap: 'wrap', columnGap: 2, m: 0, p: 0, flexBasis: '100%' }}
        >
          {series.map(({ label, color, values, of }) => {
            const value = values[shown] ?? null;
            const fromMs = Date.parse(times[shown] ?? '');
            return (
              <Box component="li" key={label} sx={{ display: 'flex', alignItems: 'center', gap: 0.75, fontSize: 13 }}>
                <Box aria-hidden sx={{ width: 10, height: 3, borderRadius: 1, bgcolor: color }} />
                {/* One line alone is what the title says. */}
                <Box component="span" sx={series.length === 1 ? visuallyHidden : { color: 'text.secondary' }}>
                  {label}
                </Box>
                <Box component="span" sx={{ fontWeight: 600, fontVariantNumeric: 'tabular-nums' }}>
                  {value === null ? (
                    '–'
                  ) : of === undefined || stepMs === undefined ? (
                    format(value)
                  ) : (
                    <TextLink
                      to="/security"
                      search={{
                        ...of,
                        from: new Date(fromMs).toISOString(),
                        to: new Date(fromMs + stepMs).toISOString(),
                      }}
                      aria-label={`${label}: ${format(value)}`}
                      sx={{ color: 'inherit' }}
                    >
                      {format(value)}
                    </TextLink>
                  )}
                </Box>
              </Box>
            );
          })}
        </Box>
      </Box>
      <Box ref={frame} sx={{ width: 1, height: HEIGHT }}>
        <Box
          component="svg"
          role="application"
          tabIndex={0}
          aria-labelledby={titleId}
          width={width}
          height={HEIGHT}
          onPointerMove={onMove}
          onPointerLeave={() => setAt(null)}
          onClick={() => setClicked(at === null ? null : (times[shown] ?? null))}
          onKeyDown={onKey}
          onBlur={() => {
            // Where the arrow keys led to is what the legend goes on saying.
            if (under !== null) setClicked(times[shown] ?? null);
            setAt(null);
          }}
          sx={{ display: 'block', overflow: 'visible', touchAction: 'pan-y', fontSize: 12, fill: 'none' }}
        >
          {scale.ticks.map((tick) => (
            <g key={tick}>
              <Box
                component="line"
                x1={LEFT}
                x2={width - RIGHT}
                y1={y(tick)}
                y2={y(tick)}
                sx={{ stroke: 'var(--zn-palette-divider)' }}
              />
              <Box
                component="text"
                x={LEFT - 8}
                y={y(tick) + 4}
                sx={{ textAnchor: 'end', fill: 'var(--zn-palette-text-secondary)' }}
              >
                {format(tick)}
              </Box>
            </g>
          ))}
          {last < 0
            ? null
            : Array.from({ length: labels }, (_, step) => {
                const index = indexOf(step);
                // In the first minutes of a gateway several are in one minute.
                if (step > 0 && labelOf(step) === labelOf(step - 1)) return null;
                return (
                  <Box
                    component="text"
                    key={times[index]}
                    x={x(index)}
                    y={HEIGHT - 6}
                    sx={{
                      textAnchor: last < 1 ? 'middle' : step === 0 ? 'start' : step === labels - 1 ? 'end' : 'middle',
                      fill: 'var(--zn-palette-text-secondary)',
                    }}
                  >
                    {labelOf(step)}
                  </Box>
                );
              })}
          {series.map(({ label, color, values, area }) => (
            <Box component="g" key={label} sx={{ color }}>
              {area === true ? <path d={areaPath(values, place)} fill="currentColor" opacity={0.12} /> : null}
              <path
                d={linePath(values, place)}
                stroke="currentColor"
                strokeWidth={1.75}
                strokeLinejoin="round"
                strokeLinecap="round"
              />
              {lonely(values).map((index) => (
                <circle key={times[index]} cx={x(index)} cy={y(values[index]!)} r={2.5} fill="currentColor" />
              ))}
              {at === null || (values[shown] ?? null) === null ? null : (
                <circle cx={x(shown)} cy={y(values[shown]!)} r={3.5} fill="currentColor" />
              )}
            </Box>
          ))}
          {at === null ? null : (
            <Box
              component="line"
              x1={x(shown)}
              x2={x(shown)}
              y1={TOP}
              y2={HEIGHT - BOTTOM}
              sx={{ stroke: 'var(--zn-palette-text-secondary)', strokeDasharray: '3 3' }}
            />
          )}
        </Box>
      </Box>
    </Box>
  );
}
