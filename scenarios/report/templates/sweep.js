// A sweep's maps: under construction by main.

const sweep = () => () => {};
