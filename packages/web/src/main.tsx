/**
 * The web console starts here: texts and the session first, then the frame with its page. It holds no secret: the browser
 * keeps the console's session cookie, which no script can read.
 */
import './base/zod-without-eval.ts';
import { CacheProvider } from '@emotion/react';
import CssBaseline from '@mui/material/CssBaseline';
import { ThemeProvider } from '@mui/material/styles';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { THEME_STORAGE_KEY } from '@zeronaut/model';
import { createRoot } from 'react-dom/client';
import { createStyleCache } from './app/adopted-sheet.ts';
import { Boot } from './app/boot.tsx';
import { appMessages } from './app/messages.ts';
import { router } from './app/router.ts';
import { theme } from './app/theme.ts';
import { queryClient } from './base/api.ts';
import { startOffline } from './base/offline.ts';
import { watchUnloaded } from './base/unloaded.ts';
import { uiMessages } from './ui/messages.ts';

watchUnloaded();
await Promise.all([appMessages.load(), uiMessages.load()]);

createRoot(document.getElementById('root')!).render(
  <CacheProvider value={createStyleCache()}>
    <ThemeProvider theme={theme} modeStorageKey={THEME_STORAGE_KEY}>
      <CssBaseline />
      <QueryClientProvider client={queryClient}>
        <Boot>
          <RouterProvider router={router} />
        </Boot>
      </QueryClientProvider>
    </ThemeProvider>
  </CacheProvider>,
);

// The first page has the network to itself.
addEventListener('load', () => void startOffline(), { once: true });
if (document.readyState === 'complete') void startOffline();
