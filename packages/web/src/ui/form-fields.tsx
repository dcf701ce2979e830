import Autocomplete from '@mui/material/Autocomplete';
import Box from '@mui/material/Box';
import Chip from '@mui/material/Chip';
import FormControlLabel from '@mui/material/FormControlLabel';
import FormHelperText from '@mui/material/FormHelperText';
import MenuItem from '@mui/material/MenuItem';
import Switch from '@mui/material/Switch';
import TextField from '@mui/material/TextField';
import { type FieldError, get, useController } from 'react-hook-form';
import { useMessages } from '../base/messages.ts';
import { REFUSED, useTheirs } from './form.tsx';
import { uiMessages } from './messages.ts';

interface FieldProps {
  /** A key of the form's values; a dot leads into an object. */
  readonly name: string;
  readonly label: string;
  /** What is right, in a few words. Also what is shown when it is wrong. */
  readonly hint?: string;
  readonly disabled?: boolean;
}

/** The field, and the line below it: what is wrong, what somebody else wrote, or the hint. */
function useField({ name, hint }: FieldProps) {
  const t = useMessages(uiMessages);
  const { field, formState } = useController({ name });
  const theirs = useTheirs(name.split('.')[0]!);
  const error: FieldError | undefined = get(formState.errors, name);
  const wrong = error !== undefined;
  const value: unknown = field.value;
  const isEmpty = value === '' || value === null || value === undefined;
  const note = wrong
    ? error.type === REFUSED
      ? error.message
      : isEmpty
        ? t('form.missing')
        : hint === undefined
          ? t('form.wrong')
          : t('form.wrongHint', { hint })
    : theirs === undefined
      ? hint
      : t('form.theirs', { value: typeof theirs === 'object' ? JSON.stringify(theirs) : String(theirs) });
  return { field, wrong, note };
}

interface TextInputProps extends FieldProps {
  readonly type?: 'text' | 'email' | 'password' | 'url';
  readonly autoFocus?: boolean;
  readonly autoComplete?: string;
  readonly rows?: number;
  readonly maxLength?: number;
  readonly placeholder?: string;
  /** True: an empty field is null, "nothing". */
  readonly nullable?: boolean;
  /** True: an empty field is left out, "as it is". */
  readonly optional?: boolean;
}

export function TextInput(props: TextInputProps) {
  const {
    type = 'text',
    autoFocus = false,
    autoComplete = 'off',
    rows,
    maxLength,
    placeholder,
    nullable = false,
  } = props;
  const empty = nullable ? null : props.optional ? undefined : '';
  const { field, wrong, note } = useField(props);
  return (
    <TextField
      name={field.name}
      inputRef={field.ref}
      value={field.value ?? ''}
      onBlur={field.onBlur}
      onChange={({ target }) => field.onChange(target.value === '' ? empty : target.value)}
      type={type}
      label={props.label}
      helperText={note}
      error={wrong}
      disabled={props.disabled}
      autoFocus={autoFocus}
      autoComplete={autoComplete}
      placeholder={placeholder}
      multiline={rows !== undefined}
      rows={rows}
      slotProps={{ htmlInput: { maxLength, spellCheck: rows === undefined ? false : undefined } }}
    />
  );
}

/** Whole numbers; `factor`: how many of what is stored one of what is shown is (60: minutes for seconds). `nullable`: an empty field is null. */
export function NumberInput(
  props: FieldProps & { readonly factor?: number; readonly unit?: string; readonly nullable?: boolean },
) {
  const { factor = 1 } = props;
  const { field, wrong, note } = useField(props);
  const shown = typeof field.value === 'number' && Number.isFinite(field.value) ? String(field.value / factor) : '';
  return (
    <TextField
      name={field.name}
      inputRef={field.ref}
      value={shown}
      onBlur={field.onBlur}
      onChange={({ target }) =>
        field.onChange(
          target.value === '' ? (props.nullable ? null : undefined) : Math.round(Number(target.value) * factor),
        )
      }
      type="number"
      label={props.label}
      helperText={note}
      error={wrong}
      disabled={props.disabled}
      slotProps={{
        htmlInput: { step: 'any', min: 0 },
        input: {
          endAdornment:
            props.unit === undefined ? undefined : <Box sx={{ color: 'text.secondary', pl: 1 }}>{props.unit}</Box>,
        },
      }}
    />
  );
}

export interface Option {
  readonly value: string | number | boolean | null;
  readonly label: string;
}

export function SelectInput(props: FieldProps & { readonly options: readonly Option[] }) {
  const { field, wrong, note } = useField(props);
  const index = props.options.findIndex(({ value }) => value === field.value);
  return (
    <TextField
      select
      name={field.name}
      inputRef={field.ref}
      value={index === -1 ? '' : String(index)}
      onBlur={field.onBlur}
      onChange={({ target }) => field.onChange(props.options[Number(target.value)]?.value)}
      label={props.label}
      helperText={note}
      error={wrong}
      disabled={props.disabled}
    >
      {props.options.map(({ value, label }, at) => (
        <MenuItem key={String(value)} value={String(at)}>
          {label}
        </MenuItem>
      ))}
    </TextField>
  );
}

export function SwitchInput(props: FieldProps) {
  const { field, note } = useField(props);
  return (
    <Box>
      <FormControlLabel
        control={
          <Switch
            name={field.name}
            slotProps={{ input: { ref: field.ref } }}
            checked={field.value === true}
            onBlur={field.onBlur}
            onChange={(_, checked) => field.onChange(checked)}
            disabled={props.disabled}
          />
        }
        label={props.label}
      />
      {note === undefined ? null : <FormHelperText sx={{ mt: 0, ml: 6 }}>{note}</FormHelperText>}
    </Box>
  );
}

interface ListInputProps extends FieldProps {
  /** What is offered; with `free`, other words are taken too. */
  readonly options: readonly string[];
  readonly free?: boolean;
  /** True: an empty list is null, "not said". */
  readonly nullable?: boolean;
  readonly labelOf?: (value: string) => string;
}

/** Several short words, such as groups. Enter or a comma ends one. */
export function ListInput(props: ListInputProps) {
  const { free = true, nullable = false, labelOf = (text: string) => text } = props;
  const { field, wrong, note } = useField(props);
  const value = (field.value ?? []) as readonly string[];
  const set = (texts: readonly string[]) => {
    const words = texts.flatMap((text) => (free ? text.split(/[\s,]+/) : [text])).filter((word) => word !== '');
    field.onChange(nullable && words.length === 0 ? null : [...new Set(words)]);
  };
  const add = (text: string) => set([...value, text]);
  return (
    <Autocomplete
      multiple
      freeSolo={free}
      autoSelect={false}
      disabled={props.disabled}
      options={props.options.filter((option) => !value.includes(option))}
      getOptionLabel={labelOf}
      value={value as string[]}
      onChange={(_, next) => set(next)}
      onBlur={field.onBlur}
      renderValue={(chosen, getItemProps) =>
        chosen.map((one, index) => {
          const { key, ...item } = getItemProps({ index });
          return <Chip key={key} size="small" label={labelOf(one)} {...item} />;
        })
      }
      renderInput={(input) => (
        <TextField
          {...input}
          name={field.name}
          inputRef={field.ref}
          label={props.label}
          helperText={note}
          error={wrong}
          onKeyDown={(event) => {
            const { value: text } = event.target as HTMLInputElement;
            if (!free || event.key !== ',' || text.trim() === '') return;
            event.preventDefault();
            add(text);
          }}
          // What was typed and not ended counts all the same.
          onBlur={(event) => {
            if (free && event.target.value.trim() !== '') add(event.target.value);
          }}
        />
      )}
    />
  );
}
