/**
 * The text of a policy with colours, completion and errors at their place. It lives in a shadow root: there CodeMirror puts its
 * rules into constructed style sheets, which the policy of the page allows; elsewhere it would write `<style>`, which it forbids.
 */
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { bracketMatching, indentUnit, syntaxHighlighting } from '@codemirror/language';
import { type Diagnostic, lintGutter, setDiagnostics } from '@codemirror/lint';
import { Annotation, Compartment, EditorState } from '@codemirror/state';
import { EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import Box from '@mui/material/Box';
import type { PolicyProblem } from '@zeronaut/model';
import { useEffect, useRef } from 'react';
import { cedarHighlight, cedarLanguage, completeCedar } from './cedar-language.ts';
import type { Vocabulary } from './cedar-vocabulary.ts';

interface CedarEditorProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly label: string;
  readonly problems: readonly PolicyProblem[];
  readonly warnings: readonly PolicyProblem[];
  readonly vocabulary: Vocabulary | undefined;
  readonly readOnly: boolean;
}

const color = (name: string) => `var(--zn-palette-${name})`;

const LOOK = EditorView.theme({
  '&': { backgroundColor: color('background-paper'), color: color('text-primary'), fontSize: '13px' },
  '&.cm-focused': { outline: `2px solid ${color('primary-main')}`, outlineOffset: '2px' },
  '.cm-scroller': { fontFamily: 'ui-monospace, SFMono-Regular, Menlo, Consolas, monospace', lineHeight: '1.6' },
  '.cm-content': { minHeight: '260px', padding: '12px 0', caretColor: color('text-primary') },
  '.cm-gutter': { minHeight: '260px' },
  '.cm-gutters': {
    backgroundColor: color('background-default'),
    color: color('text-secondary'),
    borderRight: `1px solid ${color('divider')}`,
  },
  '.cm-activeLine': { backgroundColor: color('action-hover') },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, ::selection': {
    backgroundColor: color('action-selected'),
  },
  '.cm-cursor': { borderLeftColor: color('text-primary') },
  '.cm-tooltip': {
    backgroundColor: color('background-paper'),
    color: color('text-primary'),
    border: `1px solid ${color('divider')}`,
    borderRadius: '8px',
    overflow: 'hidden',
  },
  '.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    backgroundColor: color('primary-main'),
    color: color('primary-contrastText'),
  },
  '.cm-completionDetail': { color: 'inherit', opacity: '0.8', fontStyle: 'normal' },
  // In the place of pictures in data URLs, which the policy of the page forbids.
  '.cm-lint-marker-error': { content: '""', borderRadius: '50%', backgroundColor: color('error-main') },
  '.cm-lintRange-error': { backgroundImage: 'none', textDecoration: `underline wavy ${color('error-main')}` },
  '.cm-lint-marker-warning': { content: '""', borderRadius: '50%', backgroundColor: color('warning-main') },
  '.cm-lintRange-warning': { backgroundImage: 'none', textDecoration: `underline wavy ${color('warning-main')}` },
  '.cm-diagnostic-warning': { borderLeftColor: color('warning-main') },
  '.cm-diagnostic-error': { borderLeftColor: color('error-main') },
});

/** Browsers keep the look of what is typed over in a style attribute, which the policy of the page forbids: it is not left to them. */
const typeOverSelection = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { main } = view.state.selection;
    const { data } = event;
    if (event.inputType !== 'insertText' || data === null || main.empty || view.composing) return false;
    const insert = () => view.state.update(view.state.replaceSelection(data), { userEvent: 'input.type' });
    const handlers = view.state.facet(EditorView.inputHandler);
    if (!handlers.some((handle) => handle(view, main.from, main.to, data, insert))) view.dispatch(insert());
    event.preventDefault();
    return true;
  },
});

/** On what came from the page: it is not told what it said itself. */
const fromPage = Annotation.define<true>();

export function CedarEditor(props: CedarEditorProps) {
  const { value, label, problems, warnings, vocabulary, readOnly } = props;
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const completion = useRef(new Compartment());
  const editable = useRef(new Compartment());
  const onChange = useRef(props.onChange);
  onChange.current = props.onChange;
  /** Told to the page and not yet come back: typing is faster than rendering, and an older text must not replace a newer one. */
  const told = useRef<string[]>([]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: made once; what changes later is handed to it below
  useEffect(() => {
    const root = host.current!.shadowRoot ?? host.current!.attachShadow({ mode: 'open' });
    const editor = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: value,
        extensions: [
          lineNumbers(),
          lintGutter(),
          history(),
          bracketMatching(),
          closeBrackets(),
          highlightActiveLine(),
          indentUnit.of('  '),
          cedarLanguage,
          syntaxHighlighting(cedarHighlight),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ 'aria-label': label }),
          // Tab goes on to the next field, as everywhere: who uses the keyboard alone is never caught.
          keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap]),
          typeOverSelection,
          completion.current.of([]),
          editable.current.of([]),
          LOOK,
          EditorView.updateListener.of((update) => {
            if (!update.docChanged || update.transactions.some((one) => one.annotation(fromPage))) return;
            const text = update.state.doc.toString();
            told.current.push(text);
            onChange.current(text);
          }),
        ],
      }),
    });
    view.current = editor;
    return () => {
      editor.destroy();
      view.current = null;
    };
  }, []);

  useEffect(() => {
    const editor = view.current;
    const own = told.current.lastIndexOf(value);
    told.current = own === -1 ? [] : told.current.slice(own + 1);
    if (editor === null || own !== -1 || editor.state.doc.toString() === value) return;
    const changes = { from: 0, to: editor.state.doc.length, insert: value };
    editor.dispatch({ changes, annotations: fromPage.of(true) });
  }, [value]);

  useEffect(() => {
    const override = vocabulary === undefined ? [] : [completeCedar(vocabulary)];
    view.current?.dispatch({ effects: completion.current.reconfigure(autocompletion({ override, icons: false })) });
  }, [vocabulary]);

  useEffect(() => {
    const extension = [EditorState.readOnly.of(readOnly), EditorView.editable.of(!readOnly)];
    view.current?.dispatch({ effects: editable.current.reconfigure(extension) });
  }, [readOnly]);

  useEffect(() => {
    const editor = view.current;
    if (editor !== null)
      editor.dispatch(
        setDiagnostics(editor.state, [
          ...problems.map((one) => diagnostic(editor, one, 'error')),
          ...warnings.map((one) => diagnostic(editor, one, 'warning')),
        ]),
      );
  }, [problems, warnings]);

  return <Box ref={host} sx={{ border: 1, borderColor: 'divider', borderRadius: 2, overflow: 'hidden' }} />;
}

function diagnostic(
  { state }: EditorView,
  { line, column, message, help, values }: PolicyProblem,
  severity: Diagnostic['severity'],
): Diagnostic {
  const { from, to } = state.doc.line(Math.min(line, state.doc.lines));
  const at = Math.min(from + column - 1, to);
  const rest = state.doc.sliceString(at, to);
  const { part } = values;
  // What is named in full is underlined in full, where it stands on one line.
  const word = part !== undefined && rest.startsWith(part) ? part.length : (/^[\w:"]*/.exec(rest)?.[0].length ?? 0);
  return {
    from: at,
    to: Math.min(at + Math.max(word, 1), to),
    severity,
    message: help ? `${message}. ${help}` : message,
  };
}
