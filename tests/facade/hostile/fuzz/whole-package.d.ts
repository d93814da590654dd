declare module "whole-package" {
  const text: string;
  export default text;
}
