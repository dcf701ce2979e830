import { zodResolver } from '@hookform/resolvers/zod';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from 'react';
import { type DefaultValues, type FieldValues, FormProvider, get, type Resolver, useForm } from 'react-hook-form';
import type { z } from 'zod';
import { ApiProblem } from '../base/api-client.ts';
import { useMessages } from '../base/messages.ts';
import { tell } from '../base/notices.ts';
import { uiMessages } from './messages.ts';
import { ErrorState } from './states.tsx';

/** What was read: the values that the form begins with, and the version that goes out as If-Match. */
export interface Base<Values> {
  readonly values: Values;
  readonly version?: number;
}

interface FormProps<S extends z.ZodType<FieldValues, FieldValues>> {
  readonly id?: string;
  readonly schema: S;
  /** While nothing was changed here, the form follows it: it then shows what somebody else wrote meanwhile. */
  readonly base: Base<z.input<S>>;
  /** `base` is what the form began with: its version is the one to send. Rejects with the refusal, which is then shown; `false`: it was not done after all. */
  readonly onSubmit: (values: z.output<S>, base: Base<z.input<S>>) => Promise<unknown>;
  /** Told when it was saved, with the way back: the values that the form began with, sent once more. For changes alone, of which the API shows all. */
  readonly done?: string;
  /** True: with the values from before not all of it would be as it was, such as a secret that nobody can read. Then no way back is offered. */
  readonly isFinal?: (values: z.output<S>) => boolean;
  /** Reads again after a write was refused because somebody else wrote meanwhile. */
  readonly reload?: () => Promise<Base<z.input<S>>>;
  /** The form stays after it was saved: it begins anew from what `reload` says. */
  readonly stays?: boolean;
  readonly children: ReactNode;
  /** The buttons; `busy` while the write is under way, `dirty` when something was changed. */
  readonly actions: (state: { readonly busy: boolean; readonly dirty: boolean }) => ReactNode;
}

/** The type of an error that the console found and the schema did not: its message is the console's own. */
export const REFUSED = 'refused';

/** What somebody else wrote into fields that are changed here too. */
const Theirs = createContext<Readonly<Record<string, unknown>>>({});

/**
 * A form over a schema of the API. When somebody else wrote meanwhile, what they changed is taken over, what was changed here
 * stays, and fields that both changed say so; saving again is then a choice.
 */
export function Form<S extends z.ZodType<FieldValues, FieldValues>>(props: FormProps<S>) {
  const t = useMessages(uiMessages);
  const [base, setBase] = useState(props.base);
  const [error, setError] = useState<unknown>(null);
  const [theirs, setTheirs] = useState<Readonly<Record<string, unknown>> | null>(null);
  const form = useForm<FieldValues, unknown, FieldValues>({
    resolver: zodResolver(props.schema) as unknown as Resolver<FieldValues, unknown, FieldValues>,
    defaultValues: props.base.values as DefaultValues<FieldValues>,
  });
  const { isSubmitting, isDirty, dirtyFields } = form.formState;
  const given = JSON.stringify(props.base);
  /** The last `props.base` that counts for `base`: it, or one that was older than what `reload` read. */
  const followed = useRef(given);
  const latest = useRef({ given, base: props.base });
  latest.current = { given, base: props.base };

  useEffect(() => {
    if (given === followed.current || isDirty || isSubmitting) return;
    const now = latest.current.base;
    followed.current = given;
    setBase(now);
    form.reset(now.values as FieldValues);
  }, [given, isDirty, isSubmitting, form]);

  /** What was just read: newer than any `props.base` so far. */
  function begin(fresh: Base<z.input<S>>, how: { readonly keepDirtyValues?: boolean } = {}): void {
    followed.current = latest.current.given;
    setBase(fresh);
    form.reset(fresh.values as FieldValues, how);
  }

  async function submit(values: FieldValues): Promise<void> {
    setError(null);
    setTheirs(null);
    const sent = structuredClone(form.getValues());
    try {
      const result = await props.onSubmit(values as z.output<S>, base);
      if (result === false) return;
      if (props.done !== undefined) {
        const isFinal = props.isFinal?.(values as z.output<S>) === true;
        tell(props.done, isFinal ? undefined : () => takeBack(base, result));
      }
      if (props.stays && props.reload !== undefined) {
        const fresh = await props.reload();
        const typed = structuredClone(form.getValues());
        begin(fresh);
        // What was typed while it was saved is not saved yet.
        for (const name of Object.keys(sent)) {
          if (JSON.stringify(typed[name]) === JSON.stringify(sent[name])) continue;
          form.setValue(name, typed[name], { shouldDirty: true });
        }
      }
    } catch (cause) {
      if (props.reload === undefined || !(cause instanceof ApiProblem) || cause.problem.status !== 412) {
        pointOut(cause);
        return setError(cause);
      }
      try {
        merge(await props.reload());
      } catch (again) {
        setError(again);
      }
    }
  }

  /** Marks the fields that a refusal names, as far as they are in this form. */
  function pointOut(cause: unknown): void {
    const values = form.getValues();
    const named = cause instanceof ApiProblem ? (cause.problem.errors ?? []) : [];
    for (const [index, { path, message }] of named.entries()) {
      const name = path.slice(1).replaceAll('/', '.');
      if (get(values, name) === undefined) continue;
      form.setError(name, { type: REFUSED, message }, { shouldFocus: index === 0 });
    }
  }

  /** `result`: the thing as the write left it. A version that somebody wrote since refuses this. */
  async function takeBack(from: Base<z.input<S>>, result: unknown): Promise<void> {
    const version = (result as { readonly version?: unknown } | undefined)?.version;
    const now = typeof version === 'number' ? { ...from, version } : from;
    await props.onSubmit(props.schema.parse(from.values), now);
    if (!props.stays || props.reload === undefined) return;
    begin(await props.reload(), { keepDirtyValues: true });
  }

  function merge(fresh: Base<z.input<S>>): void {
    const before = base.values as FieldValues;
    const after = fresh.values as FieldValues;
    const both = Object.keys(after).filter(
      (name) => dirtyFields[name] !== undefined && JSON.stringify(before[name]) !== JSON.stringify(after[name]),
    );
    setTheirs(Object.fromEntries(both.map((name) => [name, after[name]])));
    begin(fresh, { keepDirtyValues: true });
  }

  return (
    <FormProvider {...form}>
      <Theirs.Provider value={theirs ?? {}}>
        <Box
          component="form"
          id={props.id}
          noValidate
          onSubmit={(event) => {
            event.stopPropagation();
            void form.handleSubmit(submit)(event);
          }}
          // A long word in a field would widen the column beyond the window.
          sx={{ display: 'grid', gridTemplateColumns: 'minmax(0, 1fr)', gap: 2, minWidth: 0 }}
        >
          {props.children}
          {theirs === null ? null : <Alert severity="warning">{t('form.conflict')}</Alert>}
          {error === null ? null : <ErrorState error={error} />}
          {props.actions({ busy: isSubmitting, dirty: isDirty })}
        </Box>
      </Theirs.Provider>
    </FormProvider>
  );
}

/** Undefined: nobody else changed this field. */
export function useTheirs(name: string): unknown {
  return useContext(Theirs)[name];
}
