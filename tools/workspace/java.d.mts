export function lackOfJava(env?: NodeJS.ProcessEnv): string | undefined;
