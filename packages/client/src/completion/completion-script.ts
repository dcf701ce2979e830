import type { Command } from 'commander';

/** One place in the command tree: what may follow there. */
interface Node {
  /** `services list`; empty for the program itself. */
  readonly path: string;
  readonly words: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly { readonly name: string; readonly description: string }[];
}

/** A script that completes commands, subcommands, options and the fixed choices of arguments. Made from the commands themselves. */
export function completionScript(program: Command, shell: 'bash' | 'zsh' | 'fish'): string {
  const nodes = collect(program, '');
  switch (shell) {
    case 'bash':
      return bashScript(nodes);
    case 'zsh':
      return zshScript(nodes);
    case 'fish':
      return fishScript(nodes);
  }
}

function collect(command: Command, path: string): Node[] {
  const words = [
    ...command.commands.map((child) => ({ name: child.name(), description: child.summary() || child.description() })),
    ...command.registeredArguments.flatMap((argument) =>
      (argument.argChoices ?? []).map((name) => ({ name, description: argument.description })),
    ),
  ];
  const options = [
    ...command.options.map((option) => ({ name: option.long ?? option.short!, description: option.description })),
    { name: '--help', description: 'help for the command' },
  ];
  const below = command.commands.flatMap((child) =>
    collect(child, path === '' ? child.name() : `${path} ${child.name()}`),
  );
  return [{ path, words, options }, ...below];
}

/** The words on the line so far that name a command; both shells run it. */
function bashScript(nodes: readonly Node[]): string {
  const cases = nodes
    .map(({ path, words, options }) => {
      const list = [...words, ...options].map(({ name }) => name).join(' ');
      return `    ${quote(path)}) candidates=${quote(list)} ;;`;
    })
    .join('\n');
  const paths = nodes
    .filter(({ path }) => path !== '')
    .map(({ path }) => quote(path))
    .join('|');
  return `# bash completion for zeronaut
_zeronaut() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path='' word candidates=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${path:+$path }$word" in
      ${paths}) path="\${path:+$path }$word" ;;
    esac
  done
  case "$path" in
${cases}
  esac
  COMPREPLY=($(compgen -W "$candidates" -- "$current"))
}
complete -o default -F _zeronaut zeronaut
`;
}

function zshScript(nodes: readonly Node[]): string {
  const cases = nodes
    .map(({ path, words, options }) => {
      const list = [...words, ...options].map(({ name, description }) =>
        quote(`${name.replaceAll(':', '\\:')}:${description}`),
      );
      return `    ${quote(path)}) candidates=(${list.join(' ')}) ;;`;
    })
    .join('\n');
  const paths = nodes
    .filter(({ path }) => path !== '')
    .map(({ path }) => quote(path))
    .join('|');
  return `#compdef zeronaut
_zeronaut() {
  local where='' word
  local -a candidates
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "\${where:+$where }$word" in
      ${paths}) where="\${where:+$where }$word" ;;
    esac
  done
  case "$where" in
${cases}
  esac
  _describe 'zeronaut' candidates || _files
}
if [ "\${funcstack[1]}" = _zeronaut ]; then _zeronaut "$@"; else compdef _zeronaut zeronaut; fi
`;
}

function fishScript(nodes: readonly Node[]): string {
  const lines = ['# fish completion for zeronaut'];
  for (const { path, words, options } of nodes) {
    const names = path === '' ? [] : path.split(' ');
    // Here, and not deeper: every word of the path was seen, and no further subcommand.
    const condition =
      names.length === 0
        ? '__fish_use_subcommand'
        : [
            ...names.map((name) => `__fish_seen_subcommand_from ${name}`),
            ...(words.length > 0 ? [`not __fish_seen_subcommand_from ${words.map(({ name }) => name).join(' ')}`] : []),
          ].join('; and ');
    for (const { name, description } of words) {
      lines.push(`complete -c zeronaut -f -n ${quote(condition)} -a ${name} -d ${quote(description)}`);
    }
    for (const { name, description } of options) {
      if (!name.startsWith('--')) continue;
      lines.push(`complete -c zeronaut -n ${quote(condition)} -l ${name.slice(2)} -d ${quote(description)}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
