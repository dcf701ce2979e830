import { z } from 'zod';

/** The languages that pages and messages are written in. */
export const language = z.enum(['en', 'de']);
export type Language = z.infer<typeof language>;
