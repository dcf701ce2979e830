import TextField from '@mui/material/TextField';
import { useState } from 'react';
import { useController } from 'react-hook-form';

/** Degrees, as they are copied from a map: with a point or a comma. What is no number is none. */
export function CoordinateInput(props: { readonly name: string; readonly label: string; readonly hint: string }) {
  const { field, fieldState } = useController({ name: props.name });
  const [text, setText] = useState(Number.isFinite(field.value) ? String(field.value) : '');
  return (
    <TextField
      name={field.name}
      inputRef={field.ref}
      label={props.label}
      helperText={props.hint}
      error={fieldState.invalid}
      value={text}
      onBlur={field.onBlur}
      onChange={({ target }) => {
        setText(target.value);
        const typed = target.value.trim().replace(',', '.');
        field.onChange(/^[+-]?\d{1,3}(?:\.\d{0,12})?$/.test(typed) ? Number(typed) : Number.NaN);
      }}
      slotProps={{ htmlInput: { inputMode: 'decimal', maxLength: 20 } }}
    />
  );
}
