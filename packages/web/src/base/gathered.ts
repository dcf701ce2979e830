/** What the rows of a list ask for at once is one call for all of them. */

const AT_ONCE = 100;
const GATHER_MS = 20;

type Take<Answer> = {
  readonly resolve: (answer: Answer | undefined) => void;
  readonly reject: (error: unknown) => void;
};

/** `fetchSome` answers for up to 100 ids; of one that it leaves out the answer is `undefined`. */
export function gathered<Answer>(
  fetchSome: (ids: readonly string[]) => Promise<ReadonlyMap<string, Answer>>,
): (id: string) => Promise<Answer | undefined> {
  const waiting = new Map<string, Take<Answer>[]>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function send(): void {
    timer = undefined;
    const all = [...waiting];
    waiting.clear();
    for (let i = 0; i < all.length; i += AT_ONCE) void answer(all.slice(i, i + AT_ONCE));
  }

  async function answer(some: readonly (readonly [string, readonly Take<Answer>[]])[]): Promise<void> {
    try {
      const found = await fetchSome(some.map(([id]) => id));
      for (const [id, takes] of some) for (const { resolve } of takes) resolve(found.get(id));
    } catch (error) {
      for (const [, takes] of some) for (const { reject } of takes) reject(error);
    }
  }

  return (id) =>
    new Promise((resolve, reject) => {
      waiting.set(id, [...(waiting.get(id) ?? []), { resolve, reject }]);
      if (timer === undefined) timer = setTimeout(send, GATHER_MS);
    });
}
