/** What is needed of a resource to publish it again as it is. */
interface Published {
  readonly name: string;
  readonly origin: 'service' | 'declared';
  readonly access: { readonly allow: readonly string[] };
  readonly targets: readonly { readonly protocol: string; readonly address: string }[];
}

/** The command that publishes a service of an agent anew, saying who may use it; null where there is no agent that does. `example`: whom it names where nobody is named yet. */
export function exposeAgain({ name, origin, access, targets }: Published, example: string): string | null {
  const [target] = targets;
  if (origin !== 'service' || target === undefined) return null;
  const who = access.allow.length === 0 ? example : access.allow.join(',');
  return `npx zeronaut expose ${quoted(target.address)} ${target.protocol} --name ${name} --allow ${quoted(who)}`;
}

/** For a shell, where it is needed. */
function quoted(word: string): string {
  return /^[A-Za-z0-9@%+=:,./_-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
