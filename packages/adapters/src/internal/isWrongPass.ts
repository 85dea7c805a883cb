/** Whether Redis has refused a password. node-redis puts words of its own before those of the server. */
export const isWrongPass = (error: unknown): boolean => error instanceof Error && /\bWRONGPASS\b/.test(error.message)
