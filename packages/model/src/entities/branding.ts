import { z } from 'zod';
import { displayName } from './scalars.ts';

/** How the pages of gateways present themselves: words and one colour, never markup. */
export const branding = z.strictObject({
  /** In the place of the product's name. */
  name: displayName,
  /** Of the mark and of buttons, such as `#2451d6`; null: the product's own. */
  colour: z
    .string()
    .regex(/^#[0-9a-f]{6}$/, 'six hexadecimal digits in lower case, such as #2451d6')
    .nullable(),
  /** Below each page: whom to ask, what to accept. Plain text. */
  text: z.string().trim().max(500),
});
export type Branding = z.infer<typeof branding>;

export const DEFAULT_BRANDING: Branding = { name: 'Zeronaut', colour: null, text: '' };
