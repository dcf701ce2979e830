import { createSvgIcon } from '@mui/material/utils';

/** Drawn for 24 by 24 in lines of one strength, in the colour of the text around them. */
function lines(path: string, name: string) {
  return createSvgIcon(
    <path
      d={path}
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
      vectorEffect="non-scaling-stroke"
    />,
    name,
  );
}

export const LaunchIcon = lines('M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 17h6M17 14v6', 'Launch');
export const OverviewIcon = lines('M4 13h6V4H4zM14 20h6v-9h-6zM14 4v3h6V4zM4 20h6v-3H4z', 'Overview');
export const ResourceIcon = lines('M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9', 'Resource');
export const GatewayIcon = lines('M4 5h16v5H4zM4 14h16v5H4zM8 7.5h.01M8 16.5h.01M12 7.5h5M12 16.5h5', 'Gateway');
export const UserIcon = lines('M12 12a4 4 0 100-8 4 4 0 000 8zM4 20c1-4 4-5.5 8-5.5s7 1.5 8 5.5', 'User');
export const RequestIcon = lines('M5 4h14v12H9l-4 4zM9 8h6M9 12h4', 'Request');
export const DeviceIcon = lines('M4 5h16v11H4zM9 20h6M12 16v4', 'Device');
export const SiteIcon = lines(
  'M12 21s7-6.2 7-11.5A7 7 0 005 9.5C5 14.8 12 21 12 21zM12 12a2.5 2.5 0 100-5 2.5 2.5 0 000 5z',
  'Site',
);
export const PolicyIcon = lines('M12 3l8 3v6c0 5-3.5 8-8 9-4.5-1-8-4-8-9V6zM9 12l2 2 4-4', 'Policy');
export const AuditIcon = lines('M6 3h9l4 4v14H6zM15 3v4h4M9 12h6M9 16h6', 'Audit');
export const SecurityIcon = lines('M12 4v9M12 17h.01M12 2.5l10 18H2z', 'Security');
export const SettingsIcon = lines('M4 7h10M18 7h2M4 17h2M10 17h10M16 9.5v-5M8 19.5v-5', 'Settings');
export const KeyIcon = lines('M8 15a4 4 0 110-8 4 4 0 010 8zM12 11h9M18 11v4', 'Key');
export const StartIcon = lines('M5 19c0-3 1-5 3-6M9 15c6-1 11-5 11-11-6 0-10 5-11 11zM14 10h.01', 'Start');
export const SearchIcon = lines('M11 18a7 7 0 100-14 7 7 0 000 14zM20 20l-4-4', 'Search');
export const MenuIcon = lines('M4 7h16M4 12h16M4 17h16', 'Menu');
export const CloseIcon = lines('M6 6l12 12M18 6L6 18', 'Close');
export const CopyIcon = lines('M9 9h11v11H9zM5 15H4V4h11v1', 'Copy');
export const CheckIcon = lines('M5 12.5l4.5 4.5L19 7.5', 'Check');
export const PlusIcon = lines('M12 5v14M5 12h14', 'Plus');
export const SunIcon = lines(
  'M12 16a4 4 0 100-8 4 4 0 000 8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.5 1.5M17.5 17.5L19 19M19 5l-1.5 1.5M6.5 17.5L5 19',
  'Sun',
);
export const MoonIcon = lines('M20 14.5A8.5 8.5 0 019.5 4 8.5 8.5 0 1020 14.5z', 'Moon');
export const SystemIcon = lines('M4 5h16v11H4zM8 20h8', 'System');
export const ChevronIcon = lines('M9 6l6 6-6 6', 'Chevron');
export const UnfoldIcon = lines('M8 9l4-4 4 4M8 15l4 4 4-4', 'Unfold');
export const SortUpIcon = lines('M12 19V5M6 11l6-6 6 6', 'SortUp');
export const SortDownIcon = lines('M12 5v14M6 13l6 6 6-6', 'SortDown');
export const ExternalIcon = lines('M14 4h6v6M20 4l-9 9M18 14v6H4V6h6', 'External');
export const ErrorIcon = lines('M12 21a9 9 0 100-18 9 9 0 000 18zM12 8v5M12 16h.01', 'Error');
export const DeleteIcon = lines('M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10 11v5M14 11v5', 'Delete');
export const EditIcon = lines('M4 20h4L19 9l-4-4L4 16zM13 7l4 4', 'Edit');
export const BellIcon = lines('M6 17V11a6 6 0 0112 0v6l1.5 1.5h-15zM10 21h4', 'Bell');
