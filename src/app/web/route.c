#include "app/web/route.h"

#include "app/web/inside.h"

#include <string.h>

static const struct route routes[] = {
    {"/", home_get, NULL},
    {"/join", join_get, NULL},
    {"/p/*", participant_get, NULL},
    {"/p/*/calendar.ics", calendar_get, NULL},
    {"/readiness", readiness_get, NULL},
    {"/readiness/*", readiness_get, NULL},
    {"/plans", plans_get, NULL},
    {"/plans/*", plan_get, NULL},
    {"/events", events_get, NULL},
    {"/assets/*", asset_get, NULL},
    {"/favicon.ico", asset_get, NULL},
    {"/robots.txt", asset_get, NULL},
    {"/api", api_index_get, NULL},
    {"/api/", api_index_get, NULL},
    {"/api/overview", api_overview_get, NULL},
    {"/api/readiness", api_readiness_get, NULL},
    {"/api/readiness/*", api_readiness_get, NULL},
    {"/api/plans", api_plans_get, NULL},
    {"/api/plans/*", api_plan_get, NULL},
    {"/api/participants", NULL, enrol_post},
    {"/api/participants/*", api_participant_get, NULL},
    {"/api/participants/*/observations", NULL, observe_post},
    {"/metrics", metrics_get, NULL},
    {"/healthz", health_get, NULL},
    {"/readyz", ready_get, NULL},
};

static const char part_characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

static bool matches(const char *pattern, const char *path, char ret_part[ROUTE_PART + 1])
{
    ret_part[0] = '\0';
    const char *star = strchr(pattern, '*');
    if (!star)
        return strcmp(pattern, path) == 0;
    size_t before = (size_t)(star - pattern);
    if (strncmp(pattern, path, before) != 0)
        return false;
    size_t length = strspn(path + before, part_characters);
    if (length == 0 || length > ROUTE_PART || strcmp(path + before + length, star + 1) != 0)
        return false;
    memcpy(ret_part, path + before, length);
    ret_part[length] = '\0';
    return true;
}

const struct route *route_find(const char *path, char ret_part[ROUTE_PART + 1])
{
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        if (matches(routes[i].pattern, path, ret_part))
            return &routes[i];
    ret_part[0] = '\0';
    return NULL;
}

bool route_is_token(const char *part)
{
    return strlen(part) == 32 && strspn(part, "abcdefghijklmnopqrstuvwxyz234567") == 32;
}
