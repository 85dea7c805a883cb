/** Runs `close` after `after` (ms), unless it is called off. It does not keep the process alive. */
export const later = (after: number, close: () => void): (() => void) => {
  const timer = setTimeout(close, after).unref()
  return () => clearTimeout(timer)
}
