output "store_uri" {
  description = "For store.uri in nightshift.yaml."
  value       = trim("s3://${aws_s3_bucket.this.bucket}/${var.prefix}", "/")
}

output "night_role_arn" {
  description = "The role of the worker that runs rounds."
  value       = aws_iam_role.night.arn
}

output "keeper_role_arn" {
  description = "The role that also deletes; null when there is none."
  value       = try(aws_iam_role.keeper[0].arn, null)
}

output "label_studio_user" {
  description = "Make an access key for it: LABEL_STUDIO_AWS_ACCESS_KEY_ID and LABEL_STUDIO_AWS_SECRET_ACCESS_KEY."
  value       = aws_iam_user.label_studio.name
}
