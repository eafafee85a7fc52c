"""The paths of the windows."""

from allauth.account import views as allauth
from django.urls import URLPattern, URLResolver, path

from mailweave.web import home, invitations, live, members, profile, reset, setup

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
]
