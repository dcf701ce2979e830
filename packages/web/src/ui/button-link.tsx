import Button, { type ButtonProps } from '@mui/material/Button';
import Link, { type LinkProps } from '@mui/material/Link';
import { createLink } from '@tanstack/react-router';
import type { Ref } from 'react';

/** Links of the router that look like MUI's: typed `to`, `params` and `search`. */
export const ButtonLink = createLink(function ButtonLink(props: ButtonProps<'a'> & { ref?: Ref<HTMLAnchorElement> }) {
  return <Button component="a" {...props} />;
});

export const TextLink = createLink(function TextLink(props: LinkProps & { ref?: Ref<HTMLAnchorElement> }) {
  return <Link {...props} />;
});
