/** Those of a project that uses the packages, of a user who is strict. */
export const compilerOptions = { module: 'nodenext', target: 'es2022', lib: ['es2023'], strict: true, types: ['node'] }

/** For what reads the built types of a library: some of them are of browsers, too. */
export const surfaceOptions = { ...compilerOptions, lib: ['es2023', 'dom'], skipLibCheck: true }
