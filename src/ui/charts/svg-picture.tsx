import type { SVGProps } from "react";

/** An SVG that stands for itself: `label` says what it shows. */
export function SvgPicture({ label, ...props }: SVGProps<SVGSVGElement> & { readonly label: string }) {
  // Inline SVG has no tag that says it is one picture; the role does.
  // eslint-disable-next-line jsx-a11y/prefer-tag-over-role
  return <svg role="img" aria-label={label} {...props} />;
}
