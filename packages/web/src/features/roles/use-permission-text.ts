import { useMessages } from '../../base/messages.ts';
import type { messages as english } from './messages.en.ts';
import { roleMessages } from './messages.ts';

/** What a permission allows, in words; of one that is newer than these words the permission itself. */
export function usePermissionText(): (permission: string) => string {
  const t = useMessages(roleMessages);
  return (permission) => {
    const key = permission.replace(':', '.');
    // Only what is there is asked for: what has no text answers with its key.
    const text = t(`may.${key}` as keyof typeof english);
    return text === `may.${key}` ? permission : text;
  };
}
