import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import IconButton from '@mui/material/IconButton';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { HTTP_LIMITS, healthCheck, NO_HEADER_RULES, type ResourceInput, resourceInput } from '@zeronaut/model';
import { type ReactNode, useEffect } from 'react';
import { useFieldArray, useFormContext, useWatch } from 'react-hook-form';
import { routeQuery } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { type Base, Form } from '../../ui/form.tsx';
import { ListInput, NumberInput, SelectInput, SwitchInput, TextInput } from '../../ui/form-fields.tsx';
import { DeleteIcon, PlusIcon } from '../../ui/icons.tsx';
import { Section } from '../../ui/section.tsx';
import { HeaderSection } from './header-fields.tsx';
import { BalancingField, LimitSection } from './limit-fields.tsx';
import { resourceMessages } from './messages.ts';
import { fitting, NEW_TARGET } from './resource-values.ts';

interface ResourceFormProps {
  readonly base: Base<ResourceInput>;
  readonly reload?: () => Promise<Base<ResourceInput>>;
  readonly onSubmit: (values: ResourceInput, base: Base<ResourceInput>) => Promise<unknown>;
  readonly action: string;
  readonly cancel: ReactNode;
}

/** A declared resource: new, or one that is there. */
export function ResourceForm(props: ResourceFormProps) {
  const t = useMessages(resourceMessages);
  return (
    <Box sx={{ maxWidth: 860 }}>
      <Form
        schema={resourceInput as never}
        base={props.base as never}
        {...(props.reload === undefined ? {} : { reload: props.reload as never })}
        onSubmit={(values, base) => props.onSubmit(fitting(values as ResourceInput), base as never)}
        actions={({ busy }) => (
          <Box sx={{ display: 'flex', gap: 1 }}>
            <Button type="submit" variant="contained" loading={busy}>
              {props.action}
            </Button>
            {props.cancel}
          </Box>
        )}
      >
        <Section title={t('form.what')}>
          <What />
        </Section>
        <Section title={t('section.targets')}>
          <TargetFields />
        </Section>
        <Section title={t('section.access')}>
          <AccessFields />
        </Section>
        <HttpSections />
        <LimitSection />
      </Form>
    </Box>
  );
}

/** What only HTTP has. Rules that were begun under another protocol are nothing to keep a form from being saved for. */
function HttpSections() {
  const isHttp = useWatch({ name: 'protocol' }) === 'http';
  const { setValue } = useFormContext();
  useEffect(() => {
    if (isHttp) return;
    setValue('headers', NO_HEADER_RULES);
    for (const limit of HTTP_LIMITS) setValue(`limits.${limit}`, null);
  }, [isHttp, setValue]);
  return isHttp ? <HeaderSection /> : null;
}

const EXAMPLE_ADDRESS = '127.0.0.1:3000';
const ROWS = { display: 'grid', gap: 2 } as const;
/** The label of the first field sits on its border and needs room below the heading. */
const FIELDS = { ...ROWS, pt: 1 } as const;
const PAIR = { ...ROWS, gridTemplateColumns: { xs: 'minmax(0, 1fr)', sm: 'repeat(2, minmax(0, 1fr))' } } as const;

function What() {
  const t = useMessages(resourceMessages);
  const protocol = useWatch({ name: 'protocol' }) as ResourceInput['protocol'];
  return (
    <Box sx={FIELDS}>
      <Box sx={PAIR}>
        <TextInput name="name" label={t('column.name')} hint={t('form.nameHint')} maxLength={63} />
        <SelectInput
          name="protocol"
          label={t('column.protocol')}
          options={['http', 'tcp', 'udp'].map((value) => ({ value, label: value.toUpperCase() }))}
        />
      </Box>
      {protocol === 'http' ? (
        <ListInput name="domains" label={t('form.domains')} hint={t('form.domainsHint')} options={[]} />
      ) : (
        <Box sx={PAIR}>
          <NumberInput name="port" label={t('form.port')} hint={t('form.portHint')} />
          <SelectInput
            name="proxyProtocol"
            label={t('form.proxyProtocol')}
            hint={t('form.proxyProtocolHint')}
            options={[
              { value: 'none', label: t('form.proxyProtocolNone') },
              { value: 'v1', label: 'v1' },
              { value: 'v2', label: 'v2' },
            ]}
          />
        </Box>
      )}
      <SwitchInput name="enabled" label={t('form.enabled')} hint={t('form.enabledHint')} />
    </Box>
  );
}

function TargetFields() {
  const t = useMessages(resourceMessages);
  const may = useMay();
  const { fields, append, remove } = useFieldArray({ name: 'targets' });
  const devices = useQuery({
    ...routeQuery('devices.list', { query: { limit: 500 } }),
    enabled: may('devices:read'),
  });
  const agents = (devices.data?.items ?? [])
    .filter(({ revokedAt }) => revokedAt === null)
    .map(({ id, name }) => ({ value: id, label: t('form.agent', { name }) }));
  return (
    <Box sx={{ display: 'grid', gap: 3 }}>
      {fields.map((field, index) => (
        <Box
          key={field.id}
          role="group"
          aria-label={t('form.target', { number: index + 1 })}
          sx={{ ...ROWS, '& + &': { borderTop: 1, borderColor: 'divider', pt: 3 } }}
        >
          <Box sx={{ display: 'flex', alignItems: 'center', justifyContent: 'space-between' }}>
            <Typography variant="h3">{t('form.target', { number: index + 1 })}</Typography>
            {fields.length === 1 ? null : (
              <IconButton
                size="small"
                aria-label={t('form.removeTarget', { number: index + 1 })}
                onClick={() => remove(index)}
              >
                <DeleteIcon fontSize="small" />
              </IconButton>
            )}
          </Box>
          <TargetField name={`targets.${index}`} agents={agents} alone={fields.length === 1} />
        </Box>
      ))}
      {fields.length < 2 ? null : <BalancingField />}
      <Box>
        <Button startIcon={<PlusIcon />} onClick={() => append(NEW_TARGET)}>
          {t('form.addTarget')}
        </Button>
      </Box>
    </Box>
  );
}

interface TargetFieldProps {
  readonly name: string;
  readonly agents: readonly { readonly value: string; readonly label: string }[];
  /** Of one target the weight says nothing. */
  readonly alone: boolean;
}

function TargetField({ name, agents, alone }: TargetFieldProps) {
  const t = useMessages(resourceMessages);
  const { setValue } = useFormContext();
  const [resourceProtocol, protocol, check] = useWatch({
    name: ['protocol', `${name}.protocol`, `${name}.healthCheck`],
  }) as [ResourceInput['protocol'], string | undefined, unknown];
  const isChecked = check !== null && check !== undefined;
  const isTls = resourceProtocol === 'http' && protocol === 'https';
  return (
    <>
      <Box sx={PAIR}>
        <TextInput
          name={`${name}.address`}
          label={t('form.address')}
          hint={t('form.addressHint')}
          placeholder={EXAMPLE_ADDRESS}
          maxLength={300}
        />
        <SelectInput
          name={`${name}.agent`}
          label={t('form.through')}
          options={[{ value: null, label: t('form.direct') }, ...agents]}
        />
      </Box>
      <Box sx={PAIR}>
        {resourceProtocol === 'http' ? (
          <SelectInput
            name={`${name}.protocol`}
            label={t('form.speaks')}
            options={[
              { value: 'http', label: 'HTTP' },
              { value: 'https', label: 'HTTPS' },
            ]}
          />
        ) : null}
        {alone ? null : <NumberInput name={`${name}.weight`} label={t('form.weight')} hint={t('form.weightHint')} />}
        {isTls ? <TextInput name={`${name}.tlsServerName`} label={t('form.tlsServerName')} nullable /> : null}
      </Box>
      {isTls ? (
        <SwitchInput name={`${name}.tlsVerify`} label={t('form.tlsVerify')} hint={t('form.tlsVerifyHint')} />
      ) : null}
      {resourceProtocol === 'udp' ? null : (
        <Box>
          <Button
            startIcon={isChecked ? null : <PlusIcon />}
            onClick={() =>
              setValue(`${name}.healthCheck`, isChecked ? null : healthCheck.parse({}), { shouldDirty: true })
            }
          >
            {t(isChecked ? 'form.uncheck' : 'form.check')}
          </Button>
        </Box>
      )}
      {isChecked && resourceProtocol !== 'udp' ? (
        <Box sx={PAIR}>
          {resourceProtocol === 'http' ? (
            <TextInput name={`${name}.healthCheck.path`} label={t('form.checkPath')} />
          ) : null}
          <NumberInput name={`${name}.healthCheck.intervalMs`} label={t('form.checkEvery')} factor={1000} unit="s" />
          <NumberInput name={`${name}.healthCheck.timeoutMs`} label={t('form.checkTimeout')} factor={1000} unit="s" />
          <NumberInput name={`${name}.healthCheck.unhealthyAfter`} label={t('form.checkUnhealthy')} />
          <NumberInput name={`${name}.healthCheck.healthyAfter`} label={t('form.checkHealthy')} />
        </Box>
      ) : null}
    </>
  );
}

function AccessFields() {
  const t = useMessages(resourceMessages);
  const [mode, protocol] = useWatch({ name: ['access.mode', 'protocol'] }) as [
    ResourceInput['access']['mode'],
    ResourceInput['protocol'],
  ];
  const { fields, append, remove } = useFieldArray({ name: 'access.basic' });
  return (
    <Box sx={FIELDS}>
      <SelectInput
        name="access.mode"
        label={t('column.access')}
        options={[
          { value: 'login', label: t('form.modeLogin') },
          { value: 'policy', label: t('access.policyText') },
          { value: 'public', label: t('access.publicText') },
        ]}
      />
      {mode === 'public' ? <Alert severity="warning">{t('form.publicWarning')}</Alert> : null}
      {mode === 'login' ? (
        <ListInput name="access.allow" label={t('fact.allow')} hint={t('form.allowHint')} options={[]} />
      ) : null}
      {mode === 'public' ? null : (
        <ListInput name="access.addresses" label={t('fact.addresses')} hint={t('form.addressesHint')} options={[]} />
      )}
      {protocol !== 'http' || mode === 'public' ? null : (
        <Box sx={ROWS}>
          <Typography variant="h3">{t('fact.basic')}</Typography>
          {fields.map((field, index) => (
            <Box key={field.id} sx={{ display: 'flex', gap: 1, alignItems: 'flex-start' }}>
              <TextInput name={`access.basic.${index}.username`} label={t('form.username')} />
              <TextInput
                name={`access.basic.${index}.password`}
                label={t('form.password')}
                type="password"
                autoComplete="new-password"
                hint={t('form.passwordHint')}
              />
              <IconButton aria-label={t('form.removeUser', { number: index + 1 })} onClick={() => remove(index)}>
                <DeleteIcon fontSize="small" />
              </IconButton>
            </Box>
          ))}
          <Box>
            <Button startIcon={<PlusIcon />} onClick={() => append({ username: '' })}>
              {t('form.addUser')}
            </Button>
          </Box>
        </Box>
      )}
    </Box>
  );
}
