// Loaded into the CDK CLI before its own code. It asks every five seconds what has become of a
// stack; here a stack is done in less than one, and most of a deploy was that pause.
const { setTimeout: patient } = globalThis;
globalThis.setTimeout = (callback, delay, ...rest) =>
  patient(callback, delay === 5000 ? 250 : delay, ...rest);
