/** Why nobody gets in to what an agent serves, for the person who runs the agent. */
export function stoppedText(name: string): string {
  return (
    `${name} was stopped at the console: nobody gets in until somebody starts it again, ` +
    `with zeronaut services start ${name} or on its page in the web console.`
  );
}
