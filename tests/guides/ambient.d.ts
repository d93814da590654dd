// What the guides' code takes for granted: the app around it.

declare const toast: (text: string) => void;
declare const show: (text: string) => void;
