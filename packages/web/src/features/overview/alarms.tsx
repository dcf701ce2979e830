import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import type { Alarm } from '@zeronaut/model';
import { useMessages } from '../../base/messages.ts';
import { AlarmChip } from '../../ui/alarm-chip.tsx';
import { AlarmObject } from '../../ui/alarm-object.tsx';
import { TextLink } from '../../ui/button-link.tsx';
import { Section } from '../../ui/section.tsx';
import { Time } from '../../ui/time.tsx';
import { useAlarmDetail } from '../../ui/use-alarm-detail.ts';
import { overviewMessages } from './messages.ts';

const SHOWN = 8;

/** What is wrong now, the worst first. */
export function Alarms({ alarms, count }: { readonly alarms: readonly Alarm[]; readonly count: number }) {
  const t = useMessages(overviewMessages);
  const detailOf = useAlarmDetail();
  if (count === 0) return null;
  return (
    <Section title={t('alarms.title')} flush>
      <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0, mt: 1 }}>
        {alarms.slice(0, SHOWN).map((alarm) => (
          <Box
            component="li"
            key={`${alarm.kind} ${alarm.object.id} ${alarm.detail}`}
            sx={{
              display: 'flex',
              flexWrap: 'wrap',
              alignItems: 'baseline',
              columnGap: 2,
              px: { xs: 2, sm: 2.5 },
              py: 1.25,
              borderTop: 1,
              borderColor: 'divider',
            }}
          >
            <AlarmChip kind={alarm.kind} severity={alarm.severity} />
            <Box sx={{ flex: '1 1 260px', minWidth: 0, overflowWrap: 'anywhere' }}>
              <AlarmObject kind={alarm.kind} object={alarm.object} />
              {' · '}
              <Typography component="span" color="textSecondary">
                {detailOf(alarm)}
              </Typography>
            </Box>
            {alarm.since === null ? null : (
              <Typography variant="body2" color="textSecondary" component="span">
                <Time at={alarm.since} />
              </Typography>
            )}
          </Box>
        ))}
      </Box>
      {count > SHOWN ? (
        <Box sx={{ px: { xs: 2, sm: 2.5 }, pb: 2, pt: 1 }}>
          <TextLink to="/security/incidents" search={{ state: 'open' }}>
            {t('alarms.more', { count: count - SHOWN })}
          </TextLink>
        </Box>
      ) : null}
    </Section>
  );
}
