/** A path as a shell reads it. */
export const quote = (path: string): string => `'${path.replaceAll("'", "'\\''")}'`
