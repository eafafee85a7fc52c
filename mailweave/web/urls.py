"""The paths of the windows."""

from allauth.account import views as allauth
from django.urls import URLPattern, URLResolver, path

from mailweave.web import (
    home,
    integrations,
    invitations,
    live,
    mailboxes,
    members,
    profile,
    reset,
    setup,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("live/", live.live, name="live"),
    # signing in
    path("account/login/", allauth.login, name="account_login"),
    path("account/logout/", allauth.logout, name="account_logout"),
    path("account/password/", allauth.password_change, name="account_change_password"),
    path("account/reset/<str:key>/<str:token>/", reset.reset, name="reset_password"),
    path("join/<str:token>/", invitations.join, name="join"),
    path("setup/", setup.setup, name="setup"),
    # settings
    path("settings/", home.settings, name="settings"),
    path("settings/profile/", profile.profile, name="profile"),
    path("settings/members/", members.member_list, name="members"),
    path("settings/members/<int:pk>/role/", members.member_role, name="member_role"),
    path("settings/members/<int:pk>/remove/", members.member_remove, name="member_remove"),
    path("settings/invitations/", invitations.invite, name="invite"),
    path(
        "settings/invitations/<int:pk>/revoke/",
        invitations.revoke,
        name="revoke_invitation",
    ),
    path("settings/workspace/<int:pk>/", profile.switch, name="switch_workspace"),
    # integrations
    path("settings/integrations/", integrations.index, name="integrations"),
    path("settings/integrations/<str:kind>/", integrations.provider, name="provider"),
    path("settings/integrations/<str:kind>/client/", integrations.client, name="oauth_client"),
    path("connect/<str:kind>/", integrations.connect, name="connect"),
    path("connect/<str:kind>/callback/", integrations.callback, name="connect_callback"),
    # mailboxes
    path("mailboxes/<int:pk>/card/", mailboxes.card, name="mailbox_card"),
    path("mailboxes/<int:pk>/range/", mailboxes.range_, name="mailbox_range"),
    path("mailboxes/<int:pk>/sync/", mailboxes.sync_now, name="mailbox_sync"),
    path("mailboxes/<int:pk>/sharing/", mailboxes.sharing, name="mailbox_sharing"),
    path("mailboxes/<int:pk>/set-aside/", mailboxes.set_aside, name="mailbox_set_aside"),
    path("mailboxes/<int:pk>/disconnect/", mailboxes.disconnect, name="mailbox_disconnect"),
    path("mailboxes/<int:pk>/import/<str:verb>/", mailboxes.steer, name="mailbox_steer"),
]
