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

/** As it is shown. */
export const brandingView = branding.extend({ version: z.int().min(1) });
export type BrandingView = z.infer<typeof brandingView>;

export const DEFAULT_BRANDING: Branding = { name: 'Zeronaut', colour: null, text: '' };

/** Black or white on a colour of the form `#rrggbb`, whichever is easier to read (WCAG 2.2, relative luminance); null for anything else. */
export function textOn(colour: string): '#000' | '#fff' | null {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/.exec(colour);
  if (match === null) return null;
  const [red, green, blue] = match.slice(1).map((digits) => {
    const share = Number.parseInt(digits, 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  // Above it, black has the higher contrast.
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? '#000' : '#fff';
}
