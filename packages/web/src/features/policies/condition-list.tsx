import Autocomplete from '@mui/material/Autocomplete';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import IconButton from '@mui/material/IconButton';
import ListSubheader from '@mui/material/ListSubheader';
import MenuItem from '@mui/material/MenuItem';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import type { FormCondition } from '@zeronaut/model';
import { useMessages } from '../../base/messages.ts';
import { DeleteIcon, PlusIcon } from '../../ui/icons.tsx';
import { conditionAbout, FACTS, LOGIC, subjectOf, suggestionsFor, testsOf } from './condition.ts';
import { policyMessages } from './messages.ts';
import { SelectorList } from './selector-list.tsx';

interface ConditionListProps {
  /** How deep it stands: forms go no deeper than alternatives of negations of tests. */
  readonly depth: 0 | 1 | 2;
  readonly conditions: readonly FormCondition[];
  readonly onConditions: (conditions: FormCondition[]) => void;
}

export function ConditionList({ depth, conditions, onConditions }: ConditionListProps) {
  const t = useMessages(policyMessages);
  return (
    <Box sx={{ display: 'grid', gap: 1.5 }}>
      {conditions.map((condition, index) => (
        <ConditionRow
          // biome-ignore lint/suspicious/noArrayIndexKey: conditions have no name but their place
          key={index}
          depth={depth}
          condition={condition}
          onCondition={(next) =>
            onConditions(next === null ? conditions.toSpliced(index, 1) : conditions.toSpliced(index, 1, next))
          }
        />
      ))}
      <Box>
        <Button
          size="small"
          startIcon={<PlusIcon />}
          onClick={() => onConditions([...conditions, conditionAbout('granted', 'is', undefined)])}
        >
          {t('form.addCondition')}
        </Button>
      </Box>
    </Box>
  );
}

interface ConditionRowProps {
  readonly depth: 0 | 1 | 2;
  readonly condition: FormCondition;
  /** Null: take it away. */
  readonly onCondition: (condition: FormCondition | null) => void;
}

function ConditionRow({ depth, condition, onCondition }: ConditionRowProps) {
  const t = useMessages(policyMessages);
  const subject = subjectOf(condition);
  const logic = LOGIC.filter((one) => !(one === 'any' && depth > 0) && !(one === 'not' && depth > 1));
  const tests = testsOf(subject);
  return (
    <Box sx={{ display: 'grid', gap: 1 }}>
      <Box
        sx={{
          display: 'grid',
          gap: 1,
          alignItems: 'center',
          gridTemplateColumns: { xs: 'minmax(0, 1fr) auto', sm: '210px 190px minmax(0, 1fr) auto' },
        }}
      >
        <TextField
          select
          value={subject}
          onChange={(event) => onCondition(conditionAbout(event.target.value, condition.test, condition.comment))}
          slotProps={{ select: { SelectDisplayProps: { 'aria-label': t('form.fact') } } }}
        >
          <ListSubheader>{t('fact.group.logic')}</ListSubheader>
          {logic.map((one) => (
            <MenuItem key={one} value={one}>
              {t(`fact.logic.${one}`)}
            </MenuItem>
          ))}
          <ListSubheader>{t('fact.group.facts')}</ListSubheader>
          {FACTS.map((fact) => (
            <MenuItem key={fact} value={fact}>
              {fact}
            </MenuItem>
          ))}
        </TextField>
        {tests.length === 0 ? null : (
          <TextField
            select
            value={condition.test}
            onChange={(event) => onCondition(conditionAbout(subject, event.target.value, condition.comment))}
            slotProps={{ select: { SelectDisplayProps: { 'aria-label': t('form.test') } } }}
            sx={{ gridColumn: { xs: 1, sm: 'auto' } }}
          >
            {tests.map((test) => (
              <MenuItem key={test} value={test}>
                {t(`test.${test}` as 'test.is')}
              </MenuItem>
            ))}
          </TextField>
        )}
        <Box sx={{ gridColumn: { xs: 1, sm: tests.length === 0 ? '2 / span 2' : 3 }, minWidth: 0 }}>
          <ConditionValue condition={condition} onCondition={onCondition} />
        </Box>
        <IconButton
          aria-label={`${t('form.remove')}: ${subject}`}
          onClick={() => onCondition(null)}
          sx={{ gridColumn: { xs: 2, sm: 4 }, gridRow: 1 }}
        >
          <DeleteIcon />
        </IconButton>
      </Box>
      <Nested depth={depth} condition={condition} onCondition={onCondition} />
      {condition.comment === undefined ? null : (
        <Typography variant="caption" color="textSecondary">
          {condition.comment}
        </Typography>
      )}
    </Box>
  );
}

function ConditionValue({ condition, onCondition }: Omit<ConditionRowProps, 'depth'>) {
  const t = useMessages(policyMessages);
  if (condition.test === 'is') {
    return (
      <TextField
        select
        value={String(condition.value)}
        onChange={(event) => onCondition({ ...condition, value: event.target.value === 'true' })}
        slotProps={{ select: { SelectDisplayProps: { 'aria-label': t('form.value') } } }}
      >
        {(['true', 'false'] as const).map((flag) => (
          <MenuItem key={flag} value={flag}>
            {t(`flag.${flag}`)}
          </MenuItem>
        ))}
      </TextField>
    );
  }
  if ('value' in condition) {
    const isNumber = typeof condition.value === 'number';
    return (
      <TextField
        type={isNumber ? 'number' : 'text'}
        value={String(condition.value)}
        onChange={({ target }) =>
          onCondition({
            ...condition,
            value: isNumber ? Math.trunc(Number(target.value)) : target.value,
          } as FormCondition)
        }
        slotProps={{ htmlInput: { 'aria-label': t('form.value'), maxLength: 300 } }}
      />
    );
  }
  if ('values' in condition) {
    const isNumber = typeof condition.values[0] === 'number';
    return (
      <Autocomplete
        multiple
        freeSolo
        options={[...suggestionsFor(condition.fact)]}
        value={condition.values.map(String)}
        onChange={(_, texts) => {
          const values = isNumber ? texts.map(Number).filter(Number.isInteger) : texts.filter((text) => text !== '');
          // A condition without values says nothing: the last one stays until there is another.
          if (values.length > 0) onCondition({ ...condition, values } as FormCondition);
        }}
        renderInput={(params) => <TextField {...params} label={t('form.values')} placeholder={t('form.valuesHelp')} />}
      />
    );
  }
  return null;
}

/** What stands inside a condition: selectors, or further conditions. */
function Nested({ depth, condition, onCondition }: ConditionRowProps) {
  const t = useMessages(policyMessages);
  const next = depth === 0 ? 1 : 2;
  const inside = { borderLeft: 2, borderColor: 'divider', pl: 2, ml: 1 } as const;
  const orNothing = (conditions: readonly FormCondition[], some: FormCondition) =>
    onCondition(conditions.length === 0 ? null : some);
  switch (condition.test) {
    case 'who':
      return (
        <Box sx={inside}>
          <SelectorList
            kinds={['user', 'service_account', 'guest', 'group', 'role']}
            selectors={condition.who}
            onSelectors={(who) => onCondition(who.length === 0 ? null : ({ ...condition, who } as FormCondition))}
          />
        </Box>
      );
    case 'what':
      return (
        <Box sx={inside}>
          <SelectorList
            kinds={['resource', 'site', 'segment']}
            selectors={condition.what}
            onSelectors={(what) => onCondition(what.length === 0 ? null : ({ ...condition, what } as FormCondition))}
          />
        </Box>
      );
    case 'not':
      return (
        <Box sx={inside}>
          <ConditionList
            depth={2}
            conditions={condition.of}
            onConditions={(of) => orNothing(of, { ...condition, of } as FormCondition)}
          />
        </Box>
      );
    case 'any': {
      const change = (of: readonly (readonly FormCondition[])[]) =>
        onCondition(of.length === 0 ? null : ({ ...condition, of } as unknown as FormCondition));
      return (
        <Box sx={{ display: 'grid', gap: 1.5, ml: 1 }}>
          {condition.of.map((alternative, index) => (
            <Box
              // biome-ignore lint/suspicious/noArrayIndexKey: alternatives have no name but their place
              key={index}
              sx={{ ...inside, ml: 0 }}
            >
              <Typography variant="body2" color="textSecondary" sx={{ mb: 1 }}>
                {t('form.alternative', { number: index + 1 })}
              </Typography>
              <ConditionList
                depth={next}
                conditions={alternative}
                onConditions={(list) =>
                  change(
                    list.length === 0
                      ? condition.of.toSpliced(index, 1)
                      : condition.of.toSpliced(index, 1, list as never),
                  )
                }
              />
            </Box>
          ))}
          <Box>
            <Button
              size="small"
              startIcon={<PlusIcon />}
              onClick={() => change([...condition.of, [conditionAbout('granted', 'is', undefined)]])}
            >
              {t('form.addAlternative')}
            </Button>
          </Box>
        </Box>
      );
    }
    default:
      return null;
  }
}
