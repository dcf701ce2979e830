import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { routeQuery } from '../../base/api.ts';
import { formatCount } from '../../base/chart-scale.ts';
import { useLanguage, useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { resourceMessages } from './messages.ts';

/** How much went through it lately, for whoever is asked whether it shall end. */
export function ResourceUse({ id }: { readonly id: string }) {
  const t = useMessages(resourceMessages);
  const language = useLanguage();
  const isShown = useMay()('events:read');
  const { data } = useQuery({
    ...routeQuery('traffic.get', { query: { range: '24h', resourceId: id } }),
    enabled: isShown,
  });
  if (data === undefined) return null;
  const count = data.total.requests;
  return (
    <Typography>{count === 0 ? t('use.none') : t('use.day', { requests: formatCount(count, language) })}</Typography>
  );
}
