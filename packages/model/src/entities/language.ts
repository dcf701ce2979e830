import { z } from 'zod';
import { LANGUAGES } from '../language-choice.ts';

export const language = z.enum(LANGUAGES);
