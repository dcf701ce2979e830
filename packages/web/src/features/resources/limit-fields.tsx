import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import type { Balancing, ResourceInput, ResourceLimits } from '@zeronaut/model';
import { get, useFormContext, useFormState, useWatch } from 'react-hook-form';
import { useMessages } from '../../base/messages.ts';
import { FoldedSection } from '../../ui/folded-section.tsx';
import { NumberInput, SelectInput } from '../../ui/form-fields.tsx';
import { PlusIcon } from '../../ui/icons.tsx';
import { limitTexts } from './limit-texts.ts';
import { resourceMessages } from './messages.ts';

const MIB = 1024 * 1024;
const PAIR = {
  display: 'grid',
  gap: 2,
  gridTemplateColumns: { xs: 'minmax(0, 1fr)', sm: 'repeat(2, minmax(0, 1fr))' },
} as const;

/** What the resource may take of each gateway. */
export function LimitSection() {
  const t = useMessages(resourceMessages);
  const { setValue } = useFormContext();
  const { errors } = useFormState({ name: 'limits' });
  const [protocol, limits] = useWatch({ name: ['protocol', 'limits'] }) as [ResourceInput['protocol'], ResourceLimits];
  const isHttp = protocol === 'http';
  const rated = limits.rate !== null;
  const texts = limitTexts(limits, t);
  return (
    <FoldedSection
      title={t('section.limits')}
      summary={texts.length === 0 ? t('limits.none') : texts.join(' · ')}
      wrong={get(errors, 'limits') !== undefined}
    >
      <Box sx={{ display: 'grid', gap: 2, pt: 1 }}>
        <Box sx={PAIR}>
          <NumberInput
            name="limits.concurrent"
            label={t('limits.concurrent')}
            hint={t('limits.concurrentHint')}
            nullable
          />
          {isHttp ? (
            <NumberInput
              name="limits.bodyBytes"
              label={t('limits.bodyBytes')}
              hint={t('limits.empty')}
              factor={MIB}
              unit="MiB"
              nullable
            />
          ) : null}
          {isHttp ? (
            <NumberInput
              name="limits.responseTimeoutMs"
              label={t('limits.responseTimeoutMs')}
              hint={t('limits.emptyGateway')}
              factor={1000}
              unit="s"
              nullable
            />
          ) : null}
          <NumberInput
            name="limits.idleTimeoutMs"
            label={t(isHttp ? 'limits.idleUpgraded' : 'limits.idleTimeoutMs')}
            hint={t('limits.emptyGateway')}
            factor={1000}
            unit="s"
            nullable
          />
        </Box>
        {rated ? (
          <Box sx={PAIR}>
            <NumberInput name="limits.rate.requests" label={t('limits.requests')} hint={t('limits.requestsHint')} />
            <NumberInput name="limits.rate.perSeconds" label={t('limits.perSeconds')} unit="s" />
          </Box>
        ) : null}
        <Box>
          <Button
            startIcon={rated ? null : <PlusIcon />}
            onClick={() =>
              setValue('limits.rate', rated ? null : { requests: 100, perSeconds: 10 }, { shouldDirty: true })
            }
          >
            {t(rated ? 'limits.unrate' : 'limits.addRate')}
          </Button>
        </Box>
      </Box>
    </FoldedSection>
  );
}

const BALANCING: readonly Balancing[] = ['weighted', 'least-connections', 'source'];

/** Of one target there is nothing to choose. */
export function BalancingField() {
  const t = useMessages(resourceMessages);
  return (
    <SelectInput
      name="balancing"
      label={t('balancing')}
      hint={t('balancing.hint')}
      options={BALANCING.map((value) => ({ value, label: t(`balancing.${value}`) }))}
    />
  );
}
